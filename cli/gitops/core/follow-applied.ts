import { oneLine } from "../../../schemas/plain-text.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import type { Application, ApplicationState } from "./argocd-port.ts";
import type { Step } from "./follow.ts";

/** What Argo CD said of an Application that has a change applied. */
export interface Applied {
  readonly application: string;
  readonly sync: string;
  readonly health: string;
  /** The commit that it was compared with: the merged one, a later one, or the last that changed something of it. */
  readonly revision: string;
}

/** The model folder that is looked for among Argo CD's Applications. */
export interface AppliedFolder {
  /** `owner/name`, or the address of a git remote. */
  readonly repository: string;
  readonly base: string;
  readonly environment: string;
  readonly model: string;
}

/**
 * The Applications that apply a model folder, and those that apply it from another branch. They are known by what they apply and
 * not by their names: those are made up by the template of whoever wrote the ApplicationSet, and one Argo CD may serve several
 * repositories that have the same folders. There are several where a folder goes to several clusters.
 */
export function applicationsOfFolder(
  applications: readonly Application[],
  { repository, base, environment, model }: AppliedFolder,
): { readonly following: readonly Application[]; readonly elsewhere: readonly Application[] } {
  const folder = paths.deploymentFolder(environment, model);
  const revisionsOf = ({ sources }: Application): readonly string[] =>
    sources
      .filter((source) => plainPath(source.path) === folder && sameRepository(source.repository, repository))
      .map(({ revision }) => revision.replace(/^refs\/heads\//, ""));
  const applying = applications.filter((application) => revisionsOf(application).length > 0);
  const following = applying.filter((application) =>
    revisionsOf(application).some((revision) => ["", "HEAD", base].includes(revision)),
  );
  return { following, elsewhere: applying.filter((application) => !following.includes(application)) };
}

function plainPath(path: string): string {
  return path.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
}

/** Argo CD has an address by https or ssh, however the repository is named to mmsp. A slug matches on any host: GitHub's may be an own one. */
function sameRepository(address: string, repository: string): boolean {
  const [theirs, ours] = [placeOf(address), placeOf(repository)];
  return theirs === ours || (/^[^/]+\/[^/]+$/.test(ours) && theirs.endsWith(`/${ours}`));
}

/** `host/path` of an address, in lower case; of a slug the slug. */
function placeOf(address: string): string {
  return address
    .toLowerCase()
    .replace(/^[a-z]+:\/\/(?:[^@/]*@)?/, "")
    .replace(/^[^@/:]+@([^:/]+):/, "$1/")
    .replace(/^([^/:]+):\d+\//, "$1/")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
}

/** How far Argo CD has come with looking at git since the change was merged, as the looks at an Application tell. */
export interface Comparing {
  /** It was asked to, and there was no answer in time: it may be at it. */
  readonly asked: boolean;
  /** It was seen to be at it. */
  readonly pending: boolean;
  /** How often it has. */
  readonly done: number;
}

export const notCompared: Comparing = { asked: false, pending: false, done: 0 };

/**
 * Comparisons after which the state is believed that is of another commit than the merged one: that is a later one, or an earlier
 * one where nothing of the Application has changed since (`manifest-generate-paths`). Two, for a server of git may hand out
 * the branch as it was for a moment after the merge.
 */
const enough = 2;

/** Whether to ask it to look at git now, and not wait for its own poll of some minutes. */
export function mayRefresh({ asked, pending, done }: Comparing): boolean {
  return !asked && !pending && done < enough;
}

/**
 * What is known after one more look, which is enough where it is at the merged commit. `state`: null where there was no answer;
 * `refreshed`: the look asked for it.
 */
export function comparedAfter(
  before: Comparing,
  {
    state,
    refreshed,
    commit,
  }: { readonly state: ApplicationState | null; readonly refreshed: boolean; readonly commit: string | null },
): Comparing {
  if (state === null) return refreshed ? { ...before, asked: true } : before;
  if (isAt(state, commit)) return { asked: false, pending: false, done: enough };
  if (state.isRefreshing) return { ...before, asked: false, pending: true };
  const done = before.done + (refreshed || before.pending ? 1 : 0);
  return { asked: false, pending: false, done };
}

/** A look at an Application, and what a message about it needs. */
export interface ApplicationLook {
  readonly application: Application;
  readonly state: ApplicationState;
  readonly comparing: Comparing;
  /** The merged commit; null where nobody said. */
  readonly commit: string | null;
  /** Its page. */
  readonly page: string;
}

export type ApplicationStep = Step<{ readonly applied: Applied }>;

/** Whether Argo CD has applied what was merged, and it is well. */
export function judgeApplication(look: ApplicationLook): ApplicationStep {
  const { application, state, comparing, commit } = look;
  const { name, isAutomatic } = application;
  const { sync, health, operation } = state;
  // What it says of an earlier state of git is neither a success of the change nor its failure.
  if (comparing.done < enough) return waiting("waiting for Argo CD to look at git");
  const problem = problemOf(look);
  if (problem !== null) return { kind: "stop", problem };
  if (operation !== null && ["Running", "Terminating"].includes(operation.phase)) {
    // A sync that fails is tried again for minutes, also where a newer commit has mended it meanwhile.
    const which = operation.revisions.length === 0 || isOfNow(state) ? "" : " to an earlier commit";
    const words = operation.message === "" ? "" : `: ${oneLine(operation.message, longestWords)}`;
    return waiting(`Argo CD is syncing ${name}${which}${words}`);
  }
  if (sync !== "Synced") {
    const error = state.errors[0];
    if (error !== undefined) return waiting(`Argo CD cannot compare ${name} now: ${error}`);
    return isAutomatic
      ? waiting(`waiting for Argo CD to sync ${name} (${sync})`)
      : waiting(`somebody has to sync ${name} in Argo CD, which does not by itself (${sync})`);
  }
  if (health !== "Healthy") {
    const why = state.healthMessage === "" ? "" : `: ${state.healthMessage}`;
    return waiting(`Argo CD has synced ${name}, waiting for it to be healthy (${health})${why}`);
  }
  const revision = (isAt(state, commit) ? commit : state.revisions[0]) ?? "";
  return { kind: "arrived", applied: { application: name, sync, health, revision } };
}

function isAt({ revisions }: ApplicationState, commit: string | null): boolean {
  return commit !== null && revisions.includes(commit);
}

/** Whether the last sync was to what Argo CD has compared with. */
function isOfNow({ operation, revisions }: ApplicationState): boolean {
  return operation?.revisions.some((revision) => revisions.includes(revision)) ?? false;
}

/** Characters of what Argo CD says of a sync that goes on: of a refusal it repeats the rules that were broken. */
const longestWords = 200;

function waiting(says: string): ApplicationStep {
  return { kind: "wait", says: `merged; ${says}` };
}

function problemOf({ application, state, page }: ApplicationLook): Problem | null {
  const { name } = application;
  const { sync, health, operation } = state;
  const hint = `see ${page}; the change is merged: mend what it says, or take the change back with mmsp rollback`;
  // A sync of an earlier commit that failed says nothing of this one.
  if (operation !== null && isOfNow(state) && ["Failed", "Error"].includes(operation.phase)) {
    const why = operation.message === "" ? operation.phase : operation.message;
    return { code: "argocd-sync-failed", message: `Argo CD could not sync ${name}: ${why}`, hint };
  }
  const error = state.errors.find((text) => !passes(text));
  if (error !== undefined) return { code: "argocd-error", message: `Argo CD cannot apply ${name}: ${error}`, hint };
  if (sync === "Synced" && health === "Degraded") {
    const why = state.healthMessage === "" ? "" : `: ${state.healthMessage}`;
    return { code: "argocd-degraded", message: `Argo CD has synced ${name}, which is Degraded${why}`, hint };
  }
  return null;
}

/** A part of Argo CD, or the server of git, that is away for a moment; it tries again by itself. */
function passes(error: string): boolean {
  return /code = (?:Unavailable|DeadlineExceeded|Canceled)|connection refused|i\/o timeout|context deadline/.test(
    error,
  );
}

/** How long an ApplicationSet may take to come upon a new folder: it looks every three minutes, where nobody has said otherwise. */
const graceMs = 5 * 60_000;

/** No Application follows a folder, for so long. */
export function judgeMissing(folder: AppliedFolder, elsewhere: readonly Application[], missingMs: number): Step<never> {
  const { repository, base, environment, model } = folder;
  const path = paths.deploymentFolder(environment, model);
  const [other] = elsewhere;
  if (other !== undefined) {
    return {
      kind: "stop",
      problem: {
        code: "argocd-other-branch",
        message: `Argo CD's ${other.name} applies ${path}, but not from ${base}`,
        hint: "correct its source's targetRevision; the change is merged",
      },
    };
  }
  if (missingMs < graceMs) return { kind: "wait", says: `merged; Argo CD shows no application of ${path} yet` };
  return {
    kind: "stop",
    problem: {
      code: "argocd-application-missing",
      message: `Argo CD shows no application whose source is ${path} of ${repository}`,
      hint:
        "an ApplicationSet makes one for each model folder; where it is there, the token may not see it: it needs " +
        `\`applications, get\`; where Argo CD has no part in ${environment}, take addresses.argocd out of its environment.yaml`,
    },
  };
}
