import type { WaitEndOutput } from "../schemas/output/parts/wait-end.ts";
import type { FollowEnd, MergedEnd } from "./gitops/follow-change.ts";
import { shortCommit } from "./report-parts.ts";
import type { Style } from "./style.ts";

/** What was merged, and what was applied and is served since. */
export function arrived({ commit, applied, served }: MergedEnd, style: Style): string {
  const merged = commit === null ? [] : [`  ${style.green("merged")} as ${shortCommit(commit)}`];
  const serves = served === null ? [] : [`  ${style.green("served")} by ${served.gateway}: ${served.says}`];
  const applies = (applied ?? []).map(({ application, sync, health, revision }) => {
    const at = revision === "" ? "" : ` at ${shortCommit(revision)}`;
    return `  ${style.green("applied")} by Argo CD: ${application} is ${sync}${at} and ${health}`;
  });
  return [...merged, ...applies, ...serves].map((line) => `${line}\n`).join("");
}

/** Where the waiting ended, for programs. */
export function endJson(end: FollowEnd): WaitEndOutput {
  const { commit } = end;
  if (end.kind === "stopped") return { state: "stopped", commit, argocd: null, gateway: null, problem: end.problem };
  const { applied: argocd, served } = end;
  const state = served !== null ? "served" : argocd !== null ? "applied" : "merged";
  return { state, commit, argocd, gateway: served?.gateway ?? null, problem: null };
}
