/** Which pull requests a commit belongs to. */
import type { CommitAssociatedPullRequestsArgs } from "@octokit/graphql-schema";
import { git } from "../git/run.ts";
import type { Repository } from "../git/repository.ts";
import type { PullRequest } from "../pulls/store.ts";
import { PAGE_ARGUMENTS } from "./connection.ts";
import { listPulls } from "./pull-resolvers.ts";
import { withArguments, type Fields } from "./resolver.ts";

/** Commits of a range, which can never change: a page of history asks for the same ones a hundred times. */
const ranges = new WeakMap<Repository, Map<string, Promise<ReadonlySet<string>>>>();

function commitsIn(repository: Repository, base: string, head: string): Promise<ReadonlySet<string>> {
  const known = ranges.get(repository) ?? new Map<string, Promise<ReadonlySet<string>>>();
  ranges.set(repository, known);
  const range = `${base}..${head}`;
  const found =
    known.get(range) ??
    git(repository.gitDir, ["rev-list", range]).then((output) => new Set(output.split("\n").filter(Boolean)));
  known.set(range, found);
  return found;
}

/** A merged pull request has introduced what its base did not have before; an open one would introduce what it has now. */
async function introduces(repository: Repository, pull: PullRequest, oid: string): Promise<boolean> {
  if (pull.state === "closed" && pull.merged === null) return false;
  const head = pull.merged?.commitOid ?? pull.headOid;
  const commits = await commitsIn(repository, pull.baseOid, head);
  return commits.has(oid);
}

/** The field of `Commit` that looks at pull requests: those that introduced it, or would when they are merged. */
export const commitPullFields: Fields = {
  associatedPullRequests: withArguments(
    [...PAGE_ARGUMENTS, "orderBy"],
    async (source: { oid: string }, args: CommitAssociatedPullRequestsArgs, scope) => {
      const { repository, pulls } = scope.world;
      const all = pulls.all();
      const own = await Promise.all(all.map((pull) => introduces(repository, pull, source.oid)));
      return listPulls(scope, args, "associatedPullRequests", (pull) => own[all.indexOf(pull)] ?? false);
    },
  ),
};
