import type { Forge } from "../../core/ports.ts";
import { enableAutoMerge } from "./auto-merge.ts";
import { createClient, type ClientOptions } from "./client.ts";
import { commitOn } from "./commit.ts";
import { readPull } from "./follow.ts";
import { readChangedFiles, readComments } from "./proposals.ts";
import { proposeChange } from "./propose.ts";
import { readSnapshot } from "./read.ts";
import { attemptAt, repositoryOf } from "./repository.ts";

export interface GitHubOptions extends ClientOptions {
  /** `owner/name` */
  readonly repository: string;
  readonly baseBranch: string;
}

/**
 * The repository on GitHub, through its API only. A command makes at most 5 calls when nothing goes wrong: one read, and to
 * propose three (branch, commit, pull request) or, over an open pull request, four (tree, commit, branch, pull request).
 * Further pages come only where the read needs them: over a hundred open pull requests before a `register`, or as many branches
 * of one verb, model and environment where the command leaves the version open. What a rollback tells others is counted apart.
 * Errors: ProblemError for what the person can mend (token, rights, names), OutsideError for the rest, and the port's own.
 */
export function createGitHub(options: GitHubOptions): Forge {
  const repository = repositoryOf(options.repository, options.baseBranch, createClient(options));
  return {
    read: (scope, ref) => readSnapshot(repository, scope, ref),
    commit: (request) => commitOn(repository, request),
    propose: (request) => proposeChange(repository, request),
    pull: (number) => readPull(repository, number),
    changedFiles: (numbers) => readChangedFiles(repository, numbers),
    commentsOn: (numbers) => readComments(repository, numbers),
    async comment(number, body) {
      const { owner, name: repo, slug, client } = repository;
      const attempt = attemptAt(repository, `commenting on #${number} of ${slug}`, "Pull requests: write");
      // Not repeated: a comment whose answer got lost would be there twice.
      const request = { retries: 0 };
      await client.attempt(attempt, (octokit) =>
        octokit.rest.issues.createComment({ owner, repo, issue_number: number, body, request }),
      );
    },
    enableAutoMerge: (number) => enableAutoMerge(repository, number),
  };
}
