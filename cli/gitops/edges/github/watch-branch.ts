import { createClient } from "./client.ts";
import type { GitHubOptions } from "./github.ts";
import { attemptAt, repositoryOf } from "./repository.ts";

/**
 * Asks whether a branch has moved since the last time; the first answer is yes. By a conditional request: an answer of "not
 * modified" costs nothing of the token's rate limit. Throws as every call of GitHub's API does, at once: who asks in a loop
 * has its own patience.
 */
export function watchBranch(options: GitHubOptions): () => Promise<boolean> {
  const repository = repositoryOf(options.repository, options.baseBranch, createClient({ ...options, retries: 0 }));
  const { owner, name: repo, slug, baseBranch, client } = repository;
  let seen: string | undefined;
  return async () => {
    const attempt = attemptAt(repository, `looking at ${baseBranch} of ${slug}`, "Contents: read");
    const headers = seen === undefined ? {} : { "if-none-match": seen };
    try {
      const answer = await client.attempt(
        attempt,
        (octokit) => octokit.rest.git.getRef({ owner, repo, ref: `heads/${baseBranch}`, headers }),
        (failure) => (failure.kind === "answer" && failure.status === 304 ? new NotModified() : null),
      );
      seen = answer.headers.etag;
      return true;
    } catch (error) {
      if (error instanceof NotModified) return false;
      throw error;
    }
  };
}

class NotModified extends Error {}
