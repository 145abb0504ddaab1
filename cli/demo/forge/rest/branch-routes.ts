/** Branches with the rules that they have, as each of GitHub's two generations of rules shows them. */
import { notImplemented, Refusal } from "../fault.ts";
import { branchRef, listRefs, readRef } from "../git/refs.ts";
import { readCommit } from "../git/repository.ts";
import type { BranchRules } from "../rules/rules.ts";
import { forbiddenMessage } from "../users.ts";
import { repoApiUrl, repoPageUrl, type World } from "../world.ts";
import { repositoryCommit } from "./represent-commit.ts";
import { asking, ok, pageOf, queryOf, route, type Route } from "./router.ts";

const RULESET_ID = 1;

const protectionUrl = (world: World, branch: string) =>
  `${repoApiUrl(world)}/branches/${encodeURIComponent(branch)}/protection`;

/** Classic protection; a ruleset is not shown as such. */
function protectionOf({ settings }: World, branch: string): BranchRules | null {
  const rules = settings.rules.get(branch);
  return rules?.as === "protection" ? rules : null;
}

/** The part that everybody may see. */
function summary({ checks, bypass = [] }: BranchRules) {
  const contexts = [...(checks?.contexts ?? [])];
  const level = checks === undefined ? "off" : bypass.length > 0 ? "non_admins" : "everyone";
  const listed = contexts.map((context) => ({ context, app_id: null }));
  return { enabled: true, required_status_checks: { enforcement_level: level, contexts, checks: listed } };
}

function protection(world: World, branch: string, rules: BranchRules) {
  const url = protectionUrl(world, branch);
  const { checks, pullRequest, bypass = [] } = rules;
  const off = { enabled: false };
  const listed = (checks?.contexts ?? []).map((context) => ({ context, app_id: null }));
  const required = {
    url: `${url}/required_status_checks`,
    strict: checks?.strict ?? false,
    contexts: [...(checks?.contexts ?? [])],
    contexts_url: `${url}/required_status_checks/contexts`,
    checks: listed,
  };
  const reviews = {
    url: `${url}/required_pull_request_reviews`,
    dismiss_stale_reviews: pullRequest?.dismissStale ?? false,
    require_code_owner_reviews: false,
    required_approving_review_count: pullRequest?.approvals ?? 0,
    require_last_push_approval: false,
  };
  return {
    url,
    ...(checks ? { required_status_checks: required } : {}),
    ...(pullRequest ? { required_pull_request_reviews: reviews } : {}),
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
    enforce_admins: { url: `${url}/enforce_admins`, enabled: bypass.length === 0 },
    required_linear_history: off,
    allow_force_pushes: off,
    allow_deletions: off,
    block_creations: off,
    required_conversation_resolution: off,
    lock_branch: off,
    allow_fork_syncing: off,
  };
}

function ruleset(world: World, { checks, pullRequest }: BranchRules): readonly object[] {
  const source = {
    ruleset_source_type: "Repository",
    ruleset_source: `${world.owner}/${world.repo}`,
    ruleset_id: RULESET_ID,
  };
  const reviews = {
    required_approving_review_count: pullRequest?.approvals ?? 0,
    dismiss_stale_reviews_on_push: pullRequest?.dismissStale ?? false,
    require_code_owner_review: false,
    require_last_push_approval: false,
    required_review_thread_resolution: false,
    allowed_merge_methods: ["merge", "squash", "rebase"],
  };
  const required = {
    strict_required_status_checks_policy: checks?.strict ?? false,
    do_not_enforce_on_create: false,
    required_status_checks: (checks?.contexts ?? []).map((context) => ({ context })),
  };
  return [
    { type: "deletion", ...source },
    { type: "non_fast_forward", ...source },
    ...(pullRequest ? [{ type: "pull_request", parameters: reviews, ...source }] : []),
    ...(checks ? [{ type: "required_status_checks", parameters: required, ...source }] : []),
  ];
}

const unprotected = {
  enabled: false,
  required_status_checks: { enforcement_level: "off", contexts: [], checks: [] },
};

export const branchRoutes: readonly Route[] = [
  asking(
    ["protected"],
    route("GET", "/repos/{owner}/{repo}/branches", "read", async (call) => {
      const { world } = call;
      if (queryOf(call, "protected").protected !== null) throw notImplemented("listing branches by protection");
      const page = pageOf(call, await listRefs(world.repository, "refs/heads/"));
      const rows = page.items.map(({ name, oid }) => {
        const branch = name.slice("refs/heads/".length);
        const commit = { sha: oid, url: `${repoApiUrl(world)}/commits/${oid}` };
        return { name: branch, commit, protected: world.settings.rules.has(branch) };
      });
      return { ...ok(rows), headers: page.headers };
    }),
  ),

  route("GET", "/repos/{owner}/{repo}/branches/{branch}", "read", async ({ world, params: { branch } }) => {
    const commit = await readCommit(world.repository, branchRef(branch));
    if (!commit) throw new Refusal("not-found", "Branch not found");
    const rules = protectionOf(world, branch);
    const self = `${repoApiUrl(world)}/branches/${encodeURIComponent(branch)}`;
    return ok({
      name: branch,
      commit: repositoryCommit(world, commit),
      _links: { self, html: `${repoPageUrl(world)}/tree/${branch}` },
      protected: world.settings.rules.has(branch),
      protection: rules ? summary(rules) : unprotected,
      protection_url: protectionUrl(world, branch),
    });
  }),

  route("GET", "/repos/{owner}/{repo}/branches/{branch}/protection", "read", async (call) => {
    const { world, user, params } = call;
    if (user.permission !== "admin") throw new Refusal("forbidden", forbiddenMessage(user));
    if (!(await readRef(world.repository, branchRef(params.branch))))
      throw new Refusal("not-found", "Branch not found");
    const rules = protectionOf(world, params.branch);
    if (!rules) throw new Refusal("not-found", "Branch not protected");
    return ok(protection(world, params.branch, rules));
  }),

  // Of a branch that is not there too: rules go by names.
  route("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", "read", (call) => {
    const rules = call.world.settings.rules.get(call.params.branch);
    const page = pageOf(call, rules?.as === "ruleset" ? ruleset(call.world, rules) : []);
    return { ...ok(page.items), headers: page.headers };
  }),
];
