import { followTo, type GatewayStatus } from "./gateway-client.ts";
import { isMerged, mergePull, openPulls, type OpenPull } from "./github.ts";
import { mainHead } from "./main-branch.ts";
import { runGit, runMmsp, type Stage } from "./stage.ts";
import type { Timeline } from "./timeline.ts";
import type { Traffic } from "./traffic.ts";
import type { Voice } from "./voice.ts";
import { must } from "./wait.ts";

export const model = "breast-cancer";

/** What every chapter has at hand. */
export interface Show {
  readonly stage: Stage;
  readonly voice: Voice;
  readonly timeline: Timeline;
  readonly signal: AbortSignal;
}

/** Once a gateway serves. */
export interface ServingShow extends Show {
  readonly gateway: string;
  readonly traffic: Traffic;
}

/** Types a command of mmsp and shows what it says. */
export async function mmsp({ stage, voice }: Show, ...args: readonly string[]): Promise<void> {
  voice.command(["mmsp", ...args]);
  const { code, stdout, stderr } = await runMmsp(stage, args);
  voice.output(`${stderr}${stdout}`);
  must(code === 0, `mmsp ${args[0] ?? ""} ended with exit code ${code}`);
}

/** Types a command of git. */
export async function git({ stage, voice }: Show, ...args: readonly string[]): Promise<void> {
  voice.command(["git", ...args]);
  const { code, stdout, stderr } = await runGit(stage, args);
  if (code !== 0) voice.output(`${stdout}${stderr}`);
  must(code === 0, `git ${args[0] ?? ""} ended with exit code ${code}`);
}

/** Types a command that is to open a pull request; answers the one that was opened. */
export async function propose(show: Show, ...args: readonly string[]): Promise<OpenPull> {
  const before = new Set((await openPulls(show.stage)).map(({ number }) => number));
  await mmsp(show, ...args);
  const opened = (await openPulls(show.stage)).find(({ number }) => !before.has(number));
  must(opened !== undefined, `mmsp ${args[0] ?? ""} opened no pull request`);
  return opened;
}

/** Merges a pull request through GitHub's API, and answers the commit on main. */
export async function merge({ stage, voice }: Show, { number, title }: OpenPull): Promise<string> {
  const merged = await mergePull(stage, number);
  must(merged.kind === "merged", `pull request #${number} (${title}) could not be merged: it conflicts`);
  await confirmMerged(stage, number, merged.commit);
  voice.tell(`merged #${number} through the API: main is ${short(merged.commit)}`);
  return merged.commit;
}

/** GitHub says so, and the branch is there. */
export async function confirmMerged(stage: Stage, number: number, commit: string): Promise<void> {
  must(await isMerged(stage, number), `GitHub does not call pull request #${number} merged`);
  must(mainHead(stage) === commit, `main is not at the merge of #${number}`);
}

/** Merges, and waits until the gateway serves the result. */
export async function release(show: ServingShow, pull: OpenPull): Promise<GatewayStatus> {
  const commit = await merge(show, pull);
  const status = await followTo(show.gateway, commit, show.signal);
  const [problem] = status.problems;
  must(problem === undefined, `the gateway has a problem with main: ${problem?.message ?? ""}`);
  return status;
}

/** `mmsp register` of one of the example models. */
export function registerCommand(version: number, folder: string): readonly string[] {
  const given = `../trained/${folder}`;
  const files = ["--model-path", `${given}/model.onnx`, "--metrics", `${given}/metrics.json`];
  return ["register", model, "--version", String(version), ...files, "--feature-order", "../trained/features.json"];
}

export function short(commit: string): string {
  return commit.slice(0, 7);
}

/** What of the model the gateway serves. */
export function servedOf(status: GatewayStatus): { readonly stable: number | null; readonly canary: number | null } {
  const served = status.models.find((entry) => entry.model === model);
  return { stable: served?.stable?.version ?? null, canary: served?.canary?.version ?? null };
}
