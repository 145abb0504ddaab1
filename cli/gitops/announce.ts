import { paths } from "../../schemas/tree.ts";
import type { Change } from "./core/change.ts";
import { versionOfBranch } from "./core/placement.ts";
import type { Forge, OpenPull } from "./core/ports.ts";

/** What a change says of a version that was taken out. */
type RolledBack = Pick<Change, "environment" | "model" | "rejection">;

/** Where the rollback itself is: a commit, or a pull request, which is not told of itself. A url of null: not known any more. */
interface Place {
  readonly url: string | null;
  readonly number: number | null;
}

/**
 * A pull request that was planned before a rollback may merge cleanly after it. Readers do not serve a rejected version, but
 * whoever merges should know: a comment on each open one that is mmsp's own for the version, or that changes the model's folder,
 * whoever made it. GitHub lists open pull requests but does not filter them by what they change, so that is asked for, in
 * one call, after the rollback has been made. To be called once a rollback: when it is committed, or its pull request opened;
 * with `unlessTold` it may have been called before, and one more call looks who has not heard of it. Returns for each change
 * what could not be said, one line each.
 */
export async function announceRollbacks(
  changes: readonly RolledBack[],
  openPulls: readonly OpenPull[],
  own: Place,
  forge: Forge,
  { unlessTold = false }: { readonly unlessTold?: boolean } = {},
): Promise<readonly (readonly string[])[]> {
  const others = openPulls.filter(({ number }) => number !== own.number).slice(0, 100);
  if (changes.every(({ rejection }) => rejection === null) || others.length === 0) return changes.map(() => []);
  const { files, notices: unknown } = await filesOf(
    others.filter((pull) => !changes.some((change) => isOurs(pull, change))),
    forge,
  );
  const told: (readonly string[])[] = [];
  // One after the other: GitHub minds many comments at once.
  for (const change of changes) {
    const concerned = others.filter((pull) => isOurs(pull, change) || touches(files.get(pull.number), change));
    if (change.rejection === null || concerned.length === 0) {
      told.push(unknown);
      continue;
    }
    const { pulls, notices } = unlessTold
      ? await withoutTold(concerned, change, forge)
      : { pulls: concerned, notices: [] };
    told.push([...unknown, ...notices, ...(await tellEach(pulls, change, own, forge))]);
  }
  return told;
}

async function filesOf(pulls: readonly OpenPull[], forge: Forge) {
  const none = new Map<number, readonly string[]>();
  if (pulls.length === 0) return { files: none, notices: [] };
  try {
    return { files: await forge.changedFiles(pulls.map(({ number }) => number)), notices: [] };
  } catch (error) {
    const notices = [`could not look which open pull requests change the same model: ${reasonOf(error)}`];
    return { files: none, notices };
  }
}

/** Where nobody can look, nothing is said: better none than two of the same. */
async function withoutTold(pulls: readonly OpenPull[], change: RolledBack, forge: Forge) {
  try {
    const comments = await forge.commentsOn(pulls.map(({ number }) => number));
    const isTold = ({ number }: OpenPull): boolean =>
      comments.get(number)?.some((body) => body.includes(markOf(change))) ?? false;
    return { pulls: pulls.filter((pull) => !isTold(pull)), notices: [] };
  } catch (error) {
    const numbers = pulls.map(({ number }) => `#${number}`).join(", ");
    return { pulls: [], notices: [`could not look whether ${numbers} were told: ${reasonOf(error)}`] };
  }
}

function isOurs({ branch }: OpenPull, { rejection, model }: RolledBack): boolean {
  if (branch === null || rejection === null) return false;
  return versionOfBranch(branch) === rejection.version && branch.split("/")[2] === model;
}

function touches(files: readonly string[] | undefined, { environment, model }: RolledBack): boolean {
  const folder = `${paths.deploymentFolder(environment ?? "", model)}/`;
  return files?.some((path) => path.startsWith(folder)) ?? false;
}

async function tellEach(
  pulls: readonly OpenPull[],
  change: RolledBack,
  own: Place,
  forge: Forge,
): Promise<readonly string[]> {
  const notices: string[] = [];
  for (const { number } of pulls) {
    try {
      await forge.comment(number, commentOn(change, own.url));
    } catch (error) {
      notices.push(`could not comment on #${number}, which may bring the version back: ${reasonOf(error)}`);
    }
  }
  return notices;
}

/** One line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}

/** The reason may come from an alert: as code, so that it is neither markup nor a mention. */
function commentOn(change: RolledBack, url: string | null): string {
  const { environment, model, rejection } = change;
  const place = url === null ? "" : `: ${url}`;
  return [
    `Version ${rejection?.version ?? ""} of ${model} was rolled back in ${environment ?? ""}${place}`,
    "",
    `Reason: \`${(rejection?.reason ?? "").replaceAll("`", "'")}\``,
    "",
    `Where it is rejected it is not served, even if this pull request makes it stable or canary. Close this, or plan it again.`,
    "",
    markOf(change),
  ].join("\n");
}

/** Tells the comments on one rollback from those on others, and from people's. */
function markOf({ environment, model, rejection }: RolledBack): string {
  return `<!-- mmsp-rollback: ${environment ?? ""}/${model}/${rejection?.version ?? ""}/${rejection?.attempt ?? ""} -->`;
}
