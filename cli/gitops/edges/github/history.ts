import { oneLine } from "../../../../schemas/plain-text.ts";
import { fail, ProblemError } from "../../../../schemas/problem.ts";
import { paths } from "../../../../schemas/tree.ts";
import type { FileAt, FileChange, HistoryLog, HistoryScope, HistorySource } from "../../core/history-port.ts";
import { pullRequestIn } from "../../core/history.ts";
import { createClient } from "./client.ts";
import type { GitHubOptions } from "./github.ts";
import {
  historyQuery,
  textsQuery,
  type AnchorAnswer,
  type CommitAnswer,
  type HistoryAnswer,
  type StepAnswer,
  type TextsAnswer,
} from "./history-query.ts";
import { attemptAt, repositoryOf, type Repository } from "./repository.ts";
import { textOfBlob } from "./text.ts";

/** Files whose history one call asks for. */
const pathsPerCall = 10;

/** Texts in one call. */
const textsPerCall = 100;

/**
 * The history of a branch on GitHub. One call tells a hundred commits of each of ten environments; where the environments are
 * not named, one more finds them. GitHub follows what a merge brought: its pull request says when it arrived. Of a merge that
 * was pushed without a pull request, GitHub does not tell that; its commits count from their own times.
 */
export function createGitHubHistory(options: GitHubOptions): HistorySource {
  const repository = repositoryOf(options.repository, options.baseBranch, createClient(options));
  return {
    deployments: (scope) => deployments(repository, scope),
    textsAt: (files) => textsAt(repository, files),
    async lastChanges(wanted) {
      const found = new Map<string, string>();
      const head = wanted.length === 0 ? null : await anchorOf(repository, [], false);
      for (const batch of batches(wanted, pathsPerCall)) {
        const answer = await ask(repository, { oid: head?.oid ?? "" }, firstPages(batch), false);
        for (const [at, path] of batch.entries()) {
          const newest = stepsOf(path, answer[`h${at}`]?.nodes ?? [], repository.baseBranch).at(-1);
          if (newest !== undefined) found.set(path, newest.commit.at);
        }
      }
      return found;
    },
  };
}

async function deployments(repository: Repository, { models, environment }: HistoryScope): Promise<HistoryLog> {
  const named = environment === null ? null : models.map((model) => paths.deployment(environment, model));
  const first = await anchorOf(repository, (named ?? []).slice(0, pathsPerCall), named === null);
  const wanted = named ?? models.flatMap((model) => environmentsOf(first).map((name) => paths.deployment(name, model)));
  const changes: FileChange[] = [];
  for (const [index, batch] of batches(wanted, pathsPerCall).entries()) {
    const isThere = named !== null && index === 0;
    const answer = isThere ? first : await ask(repository, first, firstPages(batch), false);
    for (const [at, path] of batch.entries()) changes.push(...(await allSteps(repository, answer, at, path)));
  }
  const source = `${repository.slug} ${repository.baseBranch}`;
  return { source, head: first.oid, isWhole: true, changes, notices: [] };
}

/** Every step of one file, oldest first: the page that is there, and those after it. */
async function allSteps(repository: Repository, answer: AnchorAnswer, at: number, path: string) {
  let page = answer[`h${at}`];
  const nodes: StepAnswer[] = [];
  while (page !== undefined) {
    nodes.push(...page.nodes);
    const after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    page = after === null ? undefined : (await ask(repository, answer, [{ path, after }], false)).h0;
  }
  return stepsOf(path, nodes, repository.baseBranch);
}

/**
 * In the order in which the branch got them: its own commits in theirs, also where a clock went back; merges among them by their
 * times, since GitHub does not tell where in the branch they are. Several commits of one merge are one step.
 */
function stepsOf(path: string, nodes: readonly StepAnswer[], baseBranch: string): readonly FileChange[] {
  const steps = new Map<string, { readonly change: FileChange; readonly time: number }>();
  let latest = Number.NEGATIVE_INFINITY;
  for (const node of nodes.toReversed()) {
    const pull = node.associatedPullRequests?.nodes.find(
      ({ merged, baseRefName, mergeCommit }) => merged && baseRefName === baseBranch && mergeCommit !== null,
    );
    const merge = pull?.mergeCommit ?? null;
    const arrived: CommitAnswer = merge !== null && merge.parents.totalCount > 1 ? merge : node;
    const { oid, message, committedDate, author, committer } = arrived;
    const pullRequest = pullRequestIn(message.split("\n")[0] ?? "") ?? pull?.number ?? null;
    const people = { author: oneLine(author?.name ?? ""), committer: oneLine(committer?.name ?? "") };
    const change = { path, commit: { oid, at: committedDate, ...people, pullRequest }, text: textIn(path, arrived) };
    const at = Date.parse(committedDate);
    if (arrived === node) latest = Math.max(latest, at);
    steps.set(oid, { change, time: arrived === node ? latest : at });
  }
  return [...steps.values()].toSorted((a, b) => a.time - b.time).map(({ change }) => change);
}

/** A file that is no text is there all the same, and reads as broken. */
function textIn(path: string, { file }: CommitAnswer): string | null {
  if (file === null || file.object === null) return null;
  try {
    return textOfBlob(path, file.object);
  } catch (error) {
    if (error instanceof ProblemError) return "";
    throw error;
  }
}

async function textsAt(repository: Repository, files: readonly FileAt[]): Promise<readonly (string | null)[]> {
  const texts: (string | null)[] = [];
  const { owner, name } = repository;
  for (const batch of batches(files, textsPerCall)) {
    const { repository: found } = await repository.client.attempt(reading(repository), (octokit) =>
      octokit.graphql<TextsAnswer>(textsQuery(batch), { owner, name }),
    );
    texts.push(...batch.map((_, at) => found[`t${at}`]?.text ?? null));
  }
  return texts;
}

async function anchorOf(repository: Repository, wanted: readonly string[], names: boolean): Promise<AnchorAnswer> {
  return ask(repository, { ref: true }, firstPages(wanted), names);
}

async function ask(
  repository: Repository,
  anchor: Parameters<typeof historyQuery>[0],
  pages: Parameters<typeof historyQuery>[1],
  names: boolean,
): Promise<AnchorAnswer> {
  const { owner, name, slug, baseBranch } = repository;
  const variables = { owner, name, ...("ref" in anchor ? { ref: `refs/heads/${baseBranch}` } : {}) };
  const { repository: answer } = await repository.client.attempt(reading(repository), (octokit) =>
    octokit.graphql<HistoryAnswer>(historyQuery(anchor, pages, names), variables),
  );
  const found = answer.ref?.target ?? answer.object ?? null;
  if (found !== null) return found;
  const other = answer.defaultBranchRef?.name;
  return fail({
    code: "branch-not-found",
    message: `${slug} has no branch "${baseBranch}"`,
    hint: other === undefined ? "push a first commit to it" : `its default branch is "${other}": give --base ${other}`,
  });
}

function reading(repository: Repository) {
  return attemptAt(repository, `reading the history of ${repository.slug}`, "Contents: read, Pull requests: read");
}

function environmentsOf(anchor: AnchorAnswer): readonly string[] {
  const entries = anchor.names?.object?.entries ?? [];
  return entries.filter(({ name, type }) => type === "tree" && name !== "registry").map(({ name }) => name);
}

function firstPages(wanted: readonly string[]) {
  return wanted.map((path) => ({ path, after: null }));
}

function batches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
