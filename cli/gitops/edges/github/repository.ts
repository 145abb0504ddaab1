import type { Attempt } from "./errors.ts";
import type { Client } from "./client.ts";

/** The repository that the calls are about, and what earlier calls have told of it that can never change. */
export interface Repository {
  readonly owner: string;
  readonly name: string;
  /** `owner/name` */
  readonly slug: string;
  readonly baseBranch: string;
  readonly client: Client;
  readonly known: {
    /** GraphQL's id of the repository. */
    id: string | null;
    /** commit -> its tree; saves a call where a commit is built on one that was read. */
    readonly trees: Map<string, string>;
  };
}

export function repositoryOf(slug: string, baseBranch: string, client: Client): Repository {
  const [owner = "", name = ""] = slug.split("/");
  return { owner, name, slug, baseBranch, client, known: { id: null, trees: new Map() } };
}

/** `reading owner/name`, with the permission that it takes. */
export function attemptAt(repository: Repository, what: string, permission: string): Attempt {
  return { what, repository: repository.slug, permission };
}

export async function repositoryId(repository: Repository): Promise<string> {
  const { owner, name, known } = repository;
  const attempt = attemptAt(repository, `reading ${repository.slug}`, "Contents: read");
  known.id ??= await repository.client.attempt(attempt, async (octokit) => {
    const query = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id } }";
    const { repository: found } = await octokit.graphql<{ repository: { id: string } }>(query, { owner, name });
    return found.id;
  });
  return known.id;
}

export async function treeOf(repository: Repository, commit: string): Promise<string> {
  const { owner, name: repo, known } = repository;
  const attempt = attemptAt(repository, `reading ${repository.slug}`, "Contents: read");
  const tree =
    known.trees.get(commit) ??
    (await repository.client.attempt(attempt, async (octokit) => {
      const { data } = await octokit.rest.git.getCommit({ owner, repo, commit_sha: commit });
      return data.tree.sha;
    }));
  known.trees.set(commit, tree);
  return tree;
}
