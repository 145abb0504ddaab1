import { createClient } from "./client.ts";
import type { GitHubOptions } from "./github.ts";
import { attemptAt, repositoryOf } from "./repository.ts";

/** Files that one call asks for. */
const filesPerCall = 100;

/** Sizes in bytes of files in a commit, by path; without those that are not there. */
export async function fileSizes(
  options: GitHubOptions,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const repository = repositoryOf(options.repository, options.baseBranch, createClient(options));
  const { owner, name, slug, client } = repository;
  const attempt = attemptAt(repository, `reading ${slug}`, "Contents: read");
  const sizes = new Map<string, number>();
  for (let at = 0; at < paths.length; at += filesPerCall) {
    const batch = paths.slice(at, at + filesPerCall);
    const fields = batch.map((path, index) => {
      return `s${index}: object(expression: ${JSON.stringify(`${commit}:${path}`)}) { ... on Blob { byteSize } }`;
    });
    const query = `query Sizes($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) { ${fields.join("\n")} }
    }`;
    const { repository: found } = await client.attempt(attempt, (octokit) =>
      octokit.graphql<{ repository: Readonly<Record<string, { byteSize?: number } | null>> }>(query, { owner, name }),
    );
    for (const [index, path] of batch.entries()) {
      const size = found[`s${index}`]?.byteSize;
      if (size !== undefined) sizes.set(path, size);
    }
  }
  return sizes;
}
