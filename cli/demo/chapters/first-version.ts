import { deploymentAt, mainHead } from "../main-branch.ts";
import { readStatus } from "../gateway-client.ts";
import { git, merge, mmsp, model, propose, registerCommand, servedOf, short, type Show } from "../show.ts";
import { repository, startMmsp } from "../stage.ts";
import { must, within } from "../wait.ts";

/** A repository that mmsp can work with: `init`, commit, push. */
export async function layOut(show: Show): Promise<void> {
  const { stage, voice } = show;
  voice.chapter("An empty repository on a GitHub of its own");
  voice.tell(`${stage.forge.cloneUrl}, cloned into ${stage.clone}`);
  await mmsp(show, "init");
  await git(show, "add", "--all");
  await git(show, "commit", "--quiet", "--message", "Lay out the environments");
  await git(show, "push", "--quiet", "origin", "main");
  must(mainHead(stage) !== null, "nothing was pushed to main");
}

/** Version 1 through two pull requests, and a gateway that serves main. Answers the gateway's address. */
export async function firstVersion(show: Show): Promise<string> {
  const { stage, voice, timeline } = show;
  voice.chapter("Version 1, by pull requests");
  await merge(show, await propose(show, ...registerCommand(1, "v1")));
  const commit = await merge(show, await propose(show, "deploy", model, "--version", "1"));
  const { stable } = await deploymentAt(stage, commit, model);
  must(stable.version === 1, "main does not say that version 1 is stable");

  voice.chapter("A gateway that follows main");
  const args = ["up", "--repo", `${repository.owner}/${repository.repo}`, "--env", "dev", "--port", "0"];
  voice.command(["mmsp", ...args]);
  const gateway = await up(show, args);
  const status = await readStatus(gateway);
  must(status.revision === commit, `the gateway serves ${short(status.revision)} and not ${short(commit)}`);
  must(servedOf(status).stable === 1, "the gateway does not serve version 1");
  timeline.add("version 1 is served");
  return gateway;
}

/** Starts `mmsp up` in the foreground, and reads the address out of what it says. */
async function up({ stage, voice, signal }: Show, args: readonly string[]): Promise<string> {
  const service = startMmsp(stage, args);
  let ended = false;
  void service.exited.then(() => (ended = true));
  for (;;) {
    const changed = service.changed();
    const url = /(http:\/\/\S+) {2}\(POST \/predict/.exec(service.stderr())?.[1];
    if (url !== undefined) {
      voice.output(service.stderr());
      return url;
    }
    if (ended) voice.output(service.stderr());
    must(!ended, "mmsp up ended instead of serving");
    await within(Promise.race([changed, service.exited]), { what: "mmsp up says where it serves", signal });
  }
}
