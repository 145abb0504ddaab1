/** Check runs, and what all checks of a commit come to. */
import { z } from "zod";
import type { CheckRun } from "../checks/runs.ts";
import type { CommitStatus } from "../checks/store.ts";
import { Refusal } from "../fault.ts";
import { timestamp } from "../git/parse.ts";
import { defaultBranch, readCommit } from "../git/repository.ts";
import { nodeId } from "../node-id.ts";
import { repoApiUrl, repoPageUrl, type Scope, type World } from "../world.ts";
import { fullRepository } from "./represent-repository.ts";
import { bodyOf, numberOf, ok, pageOf, route, type Route } from "./router.ts";

const status = z.enum(["queued", "in_progress", "completed"]);
const conclusion = z.enum(["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"]);
const newRun = z.object({
  name: z.string().min(1),
  head_sha: z.string(),
  status: status.default("queued"),
  conclusion: conclusion.optional(),
  details_url: z.string().optional(),
});
const runPatch = newRun.omit({ head_sha: true }).extend({ status }).partial();

async function requireCommit(world: World, revision: string) {
  const commit = await readCommit(world.repository, revision);
  if (!commit) throw new Refusal("unprocessable", `No commit found for SHA: ${revision}`);
  return commit;
}

function represent(world: World, run: CheckRun) {
  return {
    id: run.id,
    node_id: nodeId("Commit", `run-${run.id}`),
    name: run.name,
    head_sha: run.oid,
    external_id: "",
    url: `${repoApiUrl(world)}/check-runs/${run.id}`,
    html_url: `${repoPageUrl(world)}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: timestamp(run.startedAt),
    completed_at: run.completedAt && timestamp(run.completedAt),
    output: {
      title: null,
      summary: null,
      text: null,
      annotations_count: 0,
      annotations_url: `${repoApiUrl(world)}/check-runs/${run.id}/annotations`,
    },
    check_suite: { id: 1 },
    app: null,
    pull_requests: [],
  };
}

function simpleStatus({ world }: Scope, oid: string, given: CommitStatus) {
  const { id, context, state, description, targetUrl, at } = given;
  return {
    url: `${repoApiUrl(world)}/statuses/${oid}`,
    avatar_url: null,
    id,
    node_id: nodeId("Commit", `status-${id}`),
    state,
    description,
    target_url: targetUrl,
    context,
    created_at: timestamp(at),
    updated_at: timestamp(at),
  };
}

/** A conclusion completes a run; a completed one has to have it. */
function settled(world: World, given: z.output<typeof runPatch>, before: CheckRun | null) {
  const completed = given.status === "completed" || given.conclusion !== undefined;
  const named = given.conclusion ?? before?.conclusion ?? null;
  if (completed && named === null)
    throw new Refusal("unprocessable", "Invalid request.\n\nconclusion wasn't supplied.");
  return {
    name: given.name ?? before?.name ?? "",
    status: completed ? ("completed" as const) : (given.status ?? before?.status ?? "queued"),
    conclusion: completed ? named : null,
    completedAt: completed ? world.now() : null,
    detailsUrl: given.details_url ?? before?.detailsUrl ?? null,
  };
}

export const checkRoutes: readonly Route[] = [
  route("POST", "/repos/{owner}/{repo}/check-runs", "write", async (call) => {
    const { world } = call;
    const body = bodyOf(call, newRun);
    const { oid } = await requireCommit(world, body.head_sha);
    const run = world.checkRuns.insert({ oid, startedAt: world.now(), ...settled(world, body, null) });
    return { status: 201, body: represent(world, run) };
  }),

  route("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "write", (call) => {
    const { world } = call;
    const before = world.checkRuns.find(numberOf(call.params.check_run_id));
    if (!before) throw new Refusal("not-found", "Not Found");
    const run = { ...before, ...settled(world, bodyOf(call, runPatch), before) };
    world.checkRuns.replace(run);
    return ok(represent(world, run));
  }),

  route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "read", async (call) => {
    const { world, params } = call;
    const { oid } = await requireCommit(world, params.ref);
    const runs = world.checkRuns.of(oid);
    const page = pageOf(call, runs);
    const body = { total_count: runs.length, check_runs: page.items.map((run) => represent(world, run)) };
    return { ...ok(body), headers: page.headers };
  }),

  route("GET", "/repos/{owner}/{repo}/commits/{ref}/status", "read", async (call) => {
    const { world, user, params } = call;
    const { oid } = await requireCommit(world, params.ref);
    const statuses = world.statuses.of(oid);
    const has = (...states: readonly string[]) => statuses.some(({ state }) => states.includes(state));
    const page = pageOf(call, statuses);
    return {
      ...ok({
        state: has("error", "failure") ? "failure" : statuses.length === 0 || has("pending") ? "pending" : "success",
        statuses: page.items.map((each) => simpleStatus(call, oid, each)),
        sha: oid,
        total_count: statuses.length,
        repository: fullRepository(world, user, await defaultBranch(world.repository)),
        commit_url: `${repoApiUrl(world)}/commits/${oid}`,
        url: `${repoApiUrl(world)}/commits/${oid}/status`,
      }),
      headers: page.headers,
    };
  }),
];
