/** Runs histories: commands, alerts and people, call by call in an order that the seed decides, checked after every call. */
import { faultOf, mayComeAfter, type FaultKind } from "../../cli/demo/forge/faults.ts";
import type { ForgeCall } from "../../cli/demo/forge/server.ts";
import { apiWire, openGitLine, type Wire } from "../cli/gitops/git-line.ts";
import { startHub, type Hub } from "../cli/gitops/hub.ts";
import { openInspector, type Inspector } from "../cli/gitops/trust/inspector.ts";
import { scenarioFiles } from "../cli/gitops/trust/scenarios.ts";
import { seededRandom } from "../support/random.ts";
import { createPeople, type People } from "./people.ts";
import { describeStep, remoteOf, stepsOf, type RemoteName, type Step } from "./steps.ts";
import { createTurns } from "./turns.ts";
import { createWatch, type Watch } from "./watch.ts";
import { intentOf, type Clock } from "./writers.ts";

/** Silence would have to be waited for: the fault matrix has it. */
const kinds: Readonly<Record<RemoteName, readonly FaultKind[]>> = {
  github: [
    ...(["error-502", "error-503", "reset", "cut", "secondary-limit", "primary-limit"] as const),
    ...(["primary-limit-for-an-hour", "graphql-limit"] as const),
  ],
  git: ["error-502", "error-503", "reset", "cut", "secondary-limit-429"],
};

export interface Playground extends AsyncDisposable {
  /** Runs the history of a seed, of its steps only those with the given places; throws where a promise is broken. */
  play(seed: number, places?: readonly number[]): Promise<void>;
  /** The calls that were made so far. */
  operations(): readonly string[];
}

/** `ended` is told how each run has ended: `deploy published`. */
export async function openPlayground(ended: (how: string) => void = () => {}): Promise<Playground> {
  const clock: Clock = { time: 0 };
  const now = () => new Date(clock.time);
  const hub = await startHub(scenarioFiles(), { now });
  const inspector = await openInspector(hub.server.gitDir);
  const people = await createPeople(hub, inspector, now);
  const line = openGitLine(hub);
  const wires = { github: apiWire(hub), git: line };
  return {
    operations: () => [...hub.operations(), `${line.made} requests of git's`],
    async play(seed, places) {
      const remote = remoteOf(seed);
      await hub.reset();
      line.forget();
      people.forget();
      clock.time = Date.parse("2026-11-21T08:10:00Z");
      const watch = await createWatch(inspector);
      for (const [place, step] of stepsOf(seededRandom(seed)).entries()) {
        if (places !== undefined && !places.includes(place)) continue;
        try {
          await runStep(step, { hub, remote, wire: wires[remote], inspector, people, watch, clock, ended });
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          throw new Error(`step ${place}, ${describeStep(step)}: ${words}`, { cause: error });
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await people[Symbol.asyncDispose]();
      await inspector[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

interface Scene {
  readonly hub: Hub;
  readonly remote: RemoteName;
  readonly wire: Wire;
  readonly inspector: Inspector;
  readonly people: People;
  readonly watch: Watch;
  readonly clock: Clock;
  readonly ended: (how: string) => void;
}

async function runStep(step: Step, scene: Scene): Promise<void> {
  const { hub, remote, wire, inspector, people, watch, clock, ended } = scene;
  const random = seededRandom(step.seed);
  const turns = createTurns(random);
  const acts = [...step.acts];
  /** What was found after a call: thrown from the hook, the server would make a reply of it, and the writer an error. */
  const broken: unknown[] = [];
  /** Branches that the calls of this step have named. */
  const busy = new Set<string>();
  /** Calls of people, which nothing holds up. */
  let peopleAct = false;

  const doOne = async () => {
    const act = acts.shift();
    if (act === undefined) return;
    peopleAct = true;
    const made = await people.act(act, random, busy, remote);
    peopleAct = false;
    await watch.afterPeople(made);
  };
  const fail = (moment: "before" | "after") => {
    if (random() * 100 >= step.faults) return;
    const possible = kinds[remote];
    const kind = possible[Math.floor(random() * possible.length)] ?? "reset";
    if (moment === "before" || mayComeAfter(kind)) throw faultOf(kind === "graphql-limit" ? "primary-limit" : kind);
  };
  wire.hook = async ({ agent, body }: ForgeCall) => {
    clock.time += 1000;
    if (peopleAct) return;
    for (const [branch] of JSON.stringify(body ?? "").matchAll(/mmsp\/[a-z0-9/_-]+[a-z0-9]/g)) busy.add(branch);
    await turns.arrive(agent.split(" ")[0] ?? "");
    fail("before");
  };
  wire.replyHook = async () => {
    if (peopleAct) return;
    await watch.afterWrite().catch((error: unknown) => void broken.push(error));
    fail("after");
  };
  const branches = await inspector.branches();
  const tree = await inspector.tree(branches.get("main") ?? "");
  const writers = new Map<string, () => Promise<void>>();
  for (const [at, name] of step.writers.entries()) {
    const writer = `writer-${at}`;
    writers.set(
      writer,
      await intentOf(name, { tree, branches: [...branches.keys()], random, wire, clock, writer, ended }),
    );
  }
  try {
    await turns.run(writers, () => (random() < 0.4 ? doOne() : Promise.resolve()));
    while (acts.length > 0) await doOne();
  } finally {
    wire.hook = undefined;
    wire.replyHook = undefined;
  }
  if (broken.length > 0) throw broken[0];
  expectOnceEach(await (remote === "git" ? openBranches(inspector) : openPulls(hub)));
}

/** Branches of open pull requests. */
async function openPulls(hub: Hub): Promise<readonly string[]> {
  const pulls = (await hub.api("GET", "/pulls?state=open&per_page=100")) as readonly { head: { ref: string } }[];
  return pulls.map(({ head }) => head.ref);
}

/** Where nobody can be asked, what the base branch lacks is open. */
async function openBranches(inspector: Inspector): Promise<readonly string[]> {
  const branches = await inspector.branches();
  const merged = new Set(await inspector.ancestors(branches.get("main") ?? ""));
  return [...branches].flatMap(([name, head]) => (name.startsWith("mmsp/") && !merged.has(head) ? [name] : []));
}

/** Never a second open proposal of the same thing, under its own name or with a number behind it. */
function expectOnceEach(branches: readonly string[]): void {
  const things = branches.map((branch) => branch.replace(/(-[0-9a-f]{8}|-\d+)-\d+$/, "$1"));
  const second = things.find((thing, at) => things.indexOf(thing) !== at);
  if (second !== undefined) throw new Error(`two open proposals of ${second}`);
}
