import { HeadMoved, ProtectedBranch, type CommitRequest, type FileWrite } from "../../core/ports.ts";
import { saysProtected, saysStale, saysUnknown, wordsOf, type Failure } from "./failure.ts";
import { writeCommit } from "./git-data.ts";
import { attemptAt, type Repository } from "./repository.ts";

const createCommitOnBranch = `
  mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid url } } }`;

/**
 * All files or none, as one commit on the head that the caller has seen. Through GraphQL, where GitHub signs what an App
 * commits; through the git data API on a server that does not know the mutation.
 */
export async function commitOn(
  repository: Repository,
  request: CommitRequest,
): Promise<{ readonly oid: string; readonly url: string }> {
  const { branch, expectedHead, files, message } = request;
  const [headline = "", ...body] = message.trimEnd().split("\n");
  const input = {
    branch: { repositoryNameWithOwner: repository.slug, branchName: branch },
    expectedHeadOid: expectedHead,
    message: { headline, body: body.join("\n").trim() },
    fileChanges: {
      additions: files.flatMap(({ path, content }) => (content === null ? [] : [{ path, contents: base64(content) }])),
      deletions: files.flatMap(({ path, content }) => (content === null ? [{ path }] : [])),
    },
  };
  const attempt = attemptAt(repository, `committing to ${branch} of ${repository.slug}`, "Contents: write");
  try {
    const answer = await repository.client.attempt(
      attempt,
      (octokit) => octokit.graphql<CommitAnswer>(createCommitOnBranch, { input }),
      (failure, cause) => (saysUnknown(failure) ? new MutationUnknown() : refusalOf(failure, branch, cause)),
    );
    return answer.createCommitOnBranch.commit;
  } catch (error) {
    if (error instanceof MutationUnknown) return commitByParts(repository, request);
    throw error;
  }
}

interface CommitAnswer {
  readonly createCommitOnBranch: { readonly commit: { readonly oid: string; readonly url: string } };
}

class MutationUnknown extends Error {}

function base64(content: NonNullable<FileWrite["content"]>): string {
  return (typeof content === "string" ? Buffer.from(content) : Buffer.from(content)).toString("base64");
}

/** A branch that was deleted has moved, too: what to do about it is seen by reading again. */
function refusalOf(failure: Failure, branch: string, cause: unknown): Error | null {
  if (saysStale(failure) || /no such branch|not a fast forward/i.test(wordsOf(failure))) {
    return new HeadMoved(`the branch "${branch}" has moved`, { cause });
  }
  return saysProtected(failure) ? new ProtectedBranch(branch, { cause }) : null;
}

/** The parent is the expected head and the update is not forced, so a branch that moved refuses it. */
async function commitByParts(repository: Repository, { branch, expectedHead, files, message }: CommitRequest) {
  const { owner, name: repo } = repository;
  const commit = await writeCommit(repository, expectedHead, files, message);
  await repository.client.attempt(
    attemptAt(repository, `committing to ${branch} of ${repository.slug}`, "Contents: write"),
    (octokit) => octokit.rest.git.updateRef({ owner, repo, ref: `heads/${branch}`, sha: commit.oid, force: false }),
    (failure, cause) => refusalOf(failure, branch, cause),
  );
  return commit;
}
