/** Commits and changed files as REST shows them. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import type { FileChange } from "../git/history.ts";
import { timestamp, type Commit, type Person } from "../git/parse.ts";
import { nodeId } from "../node-id.ts";
import { accountByEmail } from "../users.ts";
import { repoApiUrl, repoPageUrl, type World } from "../world.ts";
import { simpleUser } from "./represent-repository.ts";

export type GitDataCommit = RestEndpointMethodTypes["git"]["getCommit"]["response"]["data"];
export type RepositoryCommit = RestEndpointMethodTypes["repos"]["getCommit"]["response"]["data"];
export type DiffEntry = RestEndpointMethodTypes["pulls"]["listFiles"]["response"]["data"][number];

const UNSIGNED = { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null };

/** No object is signed here; what GitHub would have signed is said to be, without a signature that nobody could check. */
function verificationOf({ signed, createdAt }: World, oid: string) {
  return signed.has(oid)
    ? { ...UNSIGNED, verified: true, reason: "valid", verified_at: timestamp(createdAt) }
    : UNSIGNED;
}

function gitPerson({ name, email, date }: Person): { name: string; email: string; date: string } {
  return { name, email, date: timestamp(date) };
}

/** A commit as the git data API has it. */
export function gitDataCommit(world: World, commit: Commit): GitDataCommit {
  const api = repoApiUrl(world);
  const page = repoPageUrl(world);
  return {
    sha: commit.oid,
    node_id: nodeId("Commit", commit.oid),
    url: `${api}/git/commits/${commit.oid}`,
    html_url: `${page}/commit/${commit.oid}`,
    author: gitPerson(commit.author),
    committer: gitPerson(commit.committer),
    message: commit.message,
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/git/commits/${sha}`,
      html_url: `${page}/commit/${sha}`,
    })),
    verification: verificationOf(world, commit.oid),
  };
}

/** A commit as lists, comparisons and `GET commits/{ref}` have it, with the accounts of its people. */
export function repositoryCommit(world: World, commit: Commit): RepositoryCommit {
  const api = repoApiUrl(world);
  const page = repoPageUrl(world);
  const author = accountByEmail(world.users, commit.author.email);
  const committer = accountByEmail(world.users, commit.committer.email);
  return {
    sha: commit.oid,
    node_id: nodeId("Commit", commit.oid),
    url: `${api}/commits/${commit.oid}`,
    html_url: `${page}/commit/${commit.oid}`,
    comments_url: `${api}/commits/${commit.oid}/comments`,
    commit: {
      url: `${api}/git/commits/${commit.oid}`,
      author: gitPerson(commit.author),
      committer: gitPerson(commit.committer),
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      verification: verificationOf(world, commit.oid),
    },
    author: author && simpleUser(world, author),
    committer: committer && simpleUser(world, committer),
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}`, html_url: `${page}/commit/${sha}` })),
  };
}

/** A changed file, as it is in the commit `revision`. */
export function diffEntry(world: World, change: FileChange, revision: string): DiffEntry {
  const path = change.path.split("/").map(encodeURIComponent).join("/");
  const page = repoPageUrl(world);
  return {
    sha: change.oid,
    filename: change.path,
    status: change.status,
    additions: change.additions,
    deletions: change.deletions,
    changes: change.additions + change.deletions,
    blob_url: `${page}/blob/${revision}/${path}`,
    raw_url: `${page}/raw/${revision}/${path}`,
    contents_url: `${repoApiUrl(world)}/contents/${path}?ref=${revision}`,
    ...(change.patch === null ? {} : { patch: change.patch }),
    ...(change.previousPath === null ? {} : { previous_filename: change.previousPath }),
  };
}
