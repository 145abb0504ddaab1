/** A push over http, held to the rules of the branches that it moves. What they refuse is refused in GitHub's words. */
import { branchRef } from "./git/refs.ts";
import { readPush, refusingReport, type Push, type RefusedRef } from "./git/receive.ts";
import { git } from "./git/run.ts";
import { rulesFor, type BranchRules } from "./rules/rules.ts";
import { pushViolations } from "./rules/violations.ts";
import type { ForgeUser } from "./users.ts";
import { repoPageUrl, type World } from "./world.ts";

/** Serves a push by git itself, `receive`, apart from the refs that a rule refuses: those git does not get to see. */
export async function servePush(
  world: World,
  user: ForgeUser,
  body: Buffer,
  receive: (body: Buffer) => Promise<Response>,
): Promise<Response> {
  const push = readPush(body);
  const refused = await refusedRefs(world, user, push);
  if (refused.length === 0) return receive(body);
  if (!push.capabilities.has("side-band-64k")) {
    return new Response("The demo forge does not implement refusing a push without side-band-64k.\n", { status: 501 });
  }
  const named = new Set(refused.map(({ name }) => name));
  const others = push.commands.filter(({ name }) => !named.has(name));
  if (push.capabilities.has("atomic")) {
    const stopped = others.map(({ name }) => ({ name, reason: "atomic transaction failed", words: [] }));
    return reportReply(refusingReport([...refused, ...stopped], null));
  }
  if (others.length === 0) return reportReply(refusingReport(refused, null));
  const taken = await receive(push.only(others));
  return taken.ok ? reportReply(refusingReport(refused, Buffer.from(await taken.arrayBuffer()))) : taken;
}

function reportReply(report: Buffer): Response {
  const headers = { "content-type": "application/x-git-receive-pack-result", "cache-control": "no-cache" };
  return new Response(new Uint8Array(report), { headers });
}

async function refusedRefs(world: World, user: ForgeUser, push: Push): Promise<readonly RefusedRef[]> {
  const ruled = push.commands.flatMap(({ name, to }) => {
    const branch = name.startsWith(branchRef("")) ? name.slice(branchRef("").length) : null;
    const rules = branch === null ? undefined : rulesFor(world.settings.rules, branch, user);
    return branch === null || rules === undefined ? [] : [{ name, branch, rules, to }];
  });
  // Whether a push is forced, its commits tell. Objects that no ref has in the end do no harm.
  const brings = ruled.some(({ to }) => to !== null);
  if (brings) await git(world.repository.gitDir, ["unpack-objects", "-q"], { stdin: push.pack });
  const refused: RefusedRef[] = [];
  for (const { name, branch, rules, to } of ruled) {
    const violations = await pushViolations(world, rules, branch, to);
    if (violations.length > 0) refused.push({ name, ...refusalOf(world, name, rules, violations) });
  }
  return refused;
}

function refusalOf(
  world: World,
  ref: string,
  rules: BranchRules,
  violations: readonly string[],
): Omit<RefusedRef, "name"> {
  const list = violations.flatMap((violation) => ["", `- ${violation}`]);
  if (rules.as === "protection") {
    const words = [`error: GH006: Protected branch update failed for ${ref}.`, ...list];
    return { reason: "protected branch hook declined", words };
  }
  const words = [
    `error: GH013: Repository rule violations found for ${ref}.`,
    `Review all repository rules at ${repoPageUrl(world)}/rules?ref=${encodeURIComponent(ref)}`,
    ...list,
    "",
  ];
  return { reason: "push declined due to repository rule violations", words };
}
