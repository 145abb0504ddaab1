import { paths } from "../../schemas/tree.ts";
import type { Change } from "./core/change.ts";
import { versionOfBranch } from "./core/placement.ts";
import type { Forge, OpenPull } from "./core/ports.ts";

/** Where the rollback itself is: a commit, or a pull request, which is not told of itself. */
interface Place {
  readonly url: string;
  readonly number: number | null;
}

/**
 * A pull request that was planned before a rollback may merge cleanly after it. Readers do not serve a rejected version, but
 * whoever merges should know: a comment on each open one that is mmsp's own for the version, or that changes the model's folder,
 * whoever made it. GitHub lists open pull requests but does not filter them by what they change, so that is asked for, in
 * one call, after the rollback has been made. To be called once a rollback: when it is committed, or its pull request opened.
 * Returns for each change what could not be said, one line each.
 */
export async function announceRollbacks(
  changes: readonly Change[],
  openPulls: readonly OpenPull[],
  own: Place,
  forge: Forge,
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
    const failures = change.rejection === null ? [] : await tellEach(concerned, change, own, forge);
    told.push([...unknown, ...failures]);
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

function isOurs({ branch }: OpenPull, { rejection, model }: Change): boolean {
  if (branch === null || rejection === null) return false;
  return versionOfBranch(branch) === rejection.version && branch.split("/")[2] === model;
}

function touches(files: readonly string[] | undefined, { environment, model }: Change): boolean {
  const folder = `${paths.deploymentFolder(environment ?? "", model)}/`;
  return files?.some((path) => path.startsWith(folder)) ?? false;
}

async function tellEach(
  pulls: readonly OpenPull[],
  change: Change,
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}

/** The reason may come from an alert: as code, so that it is neither markup nor a mention. */
function commentOn({ environment, model, rejection }: Change, url: string): string {
  return [
    `Version ${rejection?.version ?? ""} of ${model} was rolled back in ${environment ?? ""}: ${url}`,
    "",
    `Reason: \`${(rejection?.reason ?? "").replaceAll("`", "'")}\``,
    "",
    `Where it is rejected it is not served, even if this pull request makes it stable or canary. Close this, or plan it again.`,
  ].join("\n");
}
