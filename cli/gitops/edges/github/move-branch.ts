import { HeadMoved } from "../../core/ports.ts";
import { failureOf, saysStale, wordsOf, type Failure } from "./failure.ts";
import { attemptAt, repositoryId, type Repository } from "./repository.ts";

/**
 * Points one of mmsp's branches elsewhere, provided that it still is where it was seen (null: nowhere). Throws `HeadMoved`
 * otherwise. Moving goes through GraphQL's `updateRefs`, the only forced update that compares first: through REST's, a
 * commit that somebody pushed in between would be lost.
 */
export async function moveBranch(
  repository: Repository,
  branch: string,
  { from, to }: { readonly from: string | null; readonly to: string },
): Promise<void> {
  if (from === null) return createBranch(repository, branch, to);
  if (from === to) return;
  const attempt = attemptAt(repository, `moving the branch ${branch}`, "Contents: write");
  const refUpdates = [{ name: `refs/heads/${branch}`, beforeOid: from, afterOid: to, force: true }];
  const input = { repositoryId: await repositoryId(repository), refUpdates };
  let refused = false;
  try {
    await repository.client.attempt(
      attempt,
      (octokit) => octokit.graphql(updateRefs, { input }),
      (failure) => {
        refused = failure.kind === "graphql";
        return saysStale(failure) ? moved(branch) : null;
      },
    );
  } catch (error) {
    // What GitHub says when the branch is elsewhere is not documented: look.
    if (!refused || error instanceof HeadMoved || (await headOf(repository, branch)) === from) throw error;
    throw moved(branch, error);
  }
}

const updateRefs = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";

async function createBranch(
  { owner, name: repo, slug, client }: Repository,
  branch: string,
  sha: string,
): Promise<void> {
  await client.attempt(
    { what: `creating the branch ${branch}`, repository: slug, permission: "Contents: write" },
    (octokit) => octokit.rest.git.createRef({ owner, repo, ref: `refs/heads/${branch}`, sha }),
    (failure: Failure, cause) => (/already exists/i.test(wordsOf(failure)) ? moved(branch, cause) : null),
  );
}

async function headOf(repository: Repository, branch: string): Promise<string | null> {
  const { owner, name: repo } = repository;
  const attempt = attemptAt(repository, `reading the branch ${branch}`, "Contents: read");
  return repository.client.attempt(attempt, async (octokit) => {
    try {
      return (await octokit.rest.git.getRef({ owner, repo, ref: `heads/${branch}` })).data.object.sha;
    } catch (error) {
      const failure = failureOf(error);
      if (failure?.kind === "answer" && failure.status === 404) return null;
      throw error;
    }
  });
}

function moved(branch: string, cause?: unknown): HeadMoved {
  return new HeadMoved(`the branch "${branch}" has moved`, { cause });
}
