/** What checks say of a commit, rolled up as a pull request's page shows it. There are commit statuses here, and no check runs. */
import type { CommitStatus, StatusState } from "../checks/store.ts";
import { nodeId } from "../node-id.ts";
import { connection, PAGE_ARGUMENTS, type PageArguments } from "./connection.ts";
import { withArguments, type Resolvers } from "./resolver.ts";

interface Rollup {
  readonly statuses: readonly CommitStatus[];
}

/** null for a commit that nothing has checked, as on GitHub. */
export function rollupOf(statuses: readonly CommitStatus[]): Rollup | null {
  return statuses.length === 0 ? null : { statuses };
}

/** The worst of all. */
function stateOf({ statuses }: Rollup): string {
  const order: readonly StatusState[] = ["error", "failure", "pending", "success"];
  return (order.find((state) => statuses.some((status) => status.state === state)) ?? "pending").toUpperCase();
}

export const checkResolvers: Resolvers = {
  StatusCheckRollup: {
    state: stateOf,
    contexts: withArguments(PAGE_ARGUMENTS, ({ statuses }: Rollup, args: PageArguments) =>
      connection(
        statuses.map((status) => ({ ...status, __typename: "StatusContext" })),
        args,
        "contexts",
      ),
    ),
  },
  StatusCheckRollupContextConnection: { nodes: (page: { nodes: unknown }) => page.nodes },
  StatusContext: {
    id: (status: CommitStatus) => nodeId("Commit", `status-${status.id}`),
    context: (status: CommitStatus) => status.context,
    state: (status: CommitStatus) => status.state.toUpperCase(),
    targetUrl: (status: CommitStatus) => status.targetUrl,
    description: (status: CommitStatus) => status.description,
    // No branch rule names a check here.
    isRequired: withArguments(["pullRequestNumber"], () => false),
  },
  CheckRun: {
    name: () => null,
    status: () => null,
    conclusion: () => null,
    detailsUrl: () => null,
    isRequired: withArguments(["pullRequestNumber"], () => false),
  },
};
