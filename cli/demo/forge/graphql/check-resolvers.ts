/** What checks say of a commit, rolled up as a pull request's page shows it. */
import type { CheckRun } from "../checks/runs.ts";
import type { CommitStatus, StatusState } from "../checks/store.ts";
import { rulesFor } from "../rules/rules.ts";
import type { World } from "../world.ts";
import { nodeId } from "../node-id.ts";
import { connection, PAGE_ARGUMENTS, type PageArguments } from "./connection.ts";
import { withArguments, type Resolvers } from "./resolver.ts";

interface Rollup {
  readonly statuses: readonly CommitStatus[];
  readonly runs: readonly CheckRun[];
}

/** null for a commit that nothing has checked, as on GitHub. */
export function rollupOf({ statuses, checkRuns }: World, oid: string): Rollup | null {
  const rollup = { statuses: statuses.of(oid), runs: checkRuns.of(oid) };
  return rollup.statuses.length + rollup.runs.length === 0 ? null : rollup;
}

/** The worst of all. */
function stateOf({ statuses, runs }: Rollup): string {
  const order: readonly StatusState[] = ["error", "failure", "pending", "success"];
  const states = [...statuses.map(({ state }) => state), ...runs.map(stateOfRun)];
  return (order.find((state) => states.includes(state)) ?? "pending").toUpperCase();
}

function stateOfRun({ status, conclusion }: CheckRun): StatusState {
  if (status !== "completed") return "pending";
  return ["success", "neutral", "skipped"].includes(conclusion ?? "") ? "success" : "failure";
}

const required = withArguments(
  ["pullRequestNumber"],
  (check: { context?: string; name?: string }, args: { pullRequestNumber?: number | null }, { world }) => {
    const pull = world.pulls.find(args.pullRequestNumber ?? 0);
    const rules = pull && rulesFor(world.settings.rules, pull.baseRef);
    return rules?.checks?.contexts.includes(check.context ?? check.name ?? "") ?? false;
  },
);

export const checkResolvers: Resolvers = {
  StatusCheckRollup: {
    state: stateOf,
    contexts: withArguments(PAGE_ARGUMENTS, ({ statuses, runs }: Rollup, args: PageArguments) => {
      const contexts = statuses.map((status) => ({ ...status, __typename: "StatusContext" }));
      return connection([...runs.map((run) => ({ ...run, __typename: "CheckRun" })), ...contexts], args, "contexts");
    }),
  },
  StatusCheckRollupContextConnection: { nodes: (page: { nodes: unknown }) => page.nodes },
  StatusContext: {
    id: (status: CommitStatus) => nodeId("Commit", `status-${status.id}`),
    context: (status: CommitStatus) => status.context,
    state: (status: CommitStatus) => status.state.toUpperCase(),
    targetUrl: (status: CommitStatus) => status.targetUrl,
    description: (status: CommitStatus) => status.description,
    isRequired: required,
  },
  CheckRun: {
    name: (run: CheckRun) => run.name,
    status: (run: CheckRun) => run.status.toUpperCase(),
    conclusion: (run: CheckRun) => run.conclusion?.toUpperCase() ?? null,
    detailsUrl: (run: CheckRun) => run.detailsUrl,
    isRequired: required,
  },
};
