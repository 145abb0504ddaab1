import type { Canary, ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { highestAttempt } from "../../../schemas/effective.ts";
import type { Tree } from "../../../schemas/tree.ts";
import { versionIn } from "./documents.ts";
import { signatureChange, type SignatureChange } from "./signature-change.ts";
import { newDeployment, standingOf, withStanding } from "./standing.ts";

/** What `deploy`, and `promote --to` in its target, bring into an environment. */
export interface Landing {
  readonly environment: string;
  readonly model: string;
  readonly version: number;
  /** Percent, where it lands as canary. */
  readonly weight: number;
  /** Recorded with the canary; null: the environment's count. */
  readonly steps: readonly number[] | null;
  readonly now: string;
  /** Takes the version's rejections back. */
  readonly force: boolean;
  /** Takes another version's place as canary. */
  readonly replace: boolean;
  readonly allowSignatureChange: boolean;
}

/** Differences that a refusal or a notice names before it says how many more there are. */
const maxNamed = 5;

/** The document with the version in it: as stable where nothing is served yet, else as canary, in an attempt of its own. */
export function landed(before: ModelDeployment | null, landing: Landing): ModelDeployment {
  const { model, version, weight, steps, now, force } = landing;
  // Counted before a rejection is taken back: its number stays used.
  const entry = { version, attempt: highestAttempt(before) + 1, since: now };
  if (before === null) return newDeployment(model, entry);
  const standing = standingOf(before, now);
  const rejected = force ? standing.rejected.filter((entry) => entry.version !== version) : standing.rejected;
  const canary = { ...entry, weight, ...(steps === null ? {} : { steps: [...steps] }) };
  return standing.stable === null
    ? withStanding(before, { ...standing, stable: entry, canary: null, rejected })
    : withStanding(before, { ...standing, stable: standing.stable, canary, rejected });
}

/** What stands in the way of a landing: a rejection of the version, another canary, and clients that would break. */
export function landingProblems(before: ModelDeployment | null, landing: Landing, tree: Tree): Problem[] {
  if (before === null) return [];
  const { environment, model, version, force, replace } = landing;
  const problems = force ? [] : rejectionProblems(before, environment, version);
  const other = otherCanary(before, landing);
  if (other !== null && !replace) {
    problems.push({
      code: "canary-running",
      message: `version ${other.version} of ${model} is the canary in ${environment}, at ${other.weight} %`,
      hint: `mmsp promote ${model} --env ${environment} makes it stable, mmsp rollback ${model} --env ${environment} removes it, --replace puts version ${version} in its place`,
    });
  }
  return [...problems, ...(landing.allowSignatureChange ? [] : signatureProblems(before, landing, tree))];
}

/** What a landing does besides, for people: one line each. */
export function landingNotices(before: ModelDeployment | null, landing: Landing, tree: Tree): readonly string[] {
  if (before === null) return [];
  const other = otherCanary(before, landing);
  const left =
    other === null
      ? []
      : [`version ${other.version}, the canary at ${other.weight} %, is taken out; it is not rejected`];
  const { stable } = standingOf(before, landing.now);
  const to = versionIn(tree, landing.model, landing.version);
  return [...left, ...signatureNotices(versionIn(tree, landing.model, stable?.version), to)];
}

/** That a version which is to answer instead of another has another signature; nothing where it has the same. */
export function signatureNotices(from: ModelVersion | null, to: ModelVersion | null): readonly string[] {
  if (from === null || to === null) return [];
  const { breaks, widens } = signatureChange(from.spec, to.spec);
  const [was, is] = [`version ${from.spec.version}`, `version ${to.spec.version}`];
  return [
    ...(breaks.length > 0 ? [`clients of ${was} break on ${is}: ${listed(breaks)}`] : []),
    ...(breaks.length === 0 && widens.length > 0
      ? [`${is} has another signature than ${was}, which breaks no client: ${listed(widens)}`]
      : []),
  ];
}

function otherCanary(before: ModelDeployment, { version, now }: Landing): Canary | null {
  const { canary } = standingOf(before, now);
  return canary === null || canary.version === version ? null : canary;
}

/** Of a version that comes; the running canary of that version has been let in. */
function signatureProblems(before: ModelDeployment, landing: Landing, tree: Tree): Problem[] {
  const { environment, model, version } = landing;
  const { stable, canary } = standingOf(before, landing.now);
  const [from, to] = [versionIn(tree, model, stable?.version), versionIn(tree, model, version)];
  if (from === null || to === null || canary?.version === version) return [];
  const { breaks }: SignatureChange = signatureChange(from.spec, to.spec);
  if (breaks.length === 0) return [];
  return [
    {
      code: "signature-breaks",
      message: `clients of version ${from.spec.version} of ${model} in ${environment} would break on version ${version}: ${listed(breaks)}`,
      hint: "--allow-signature-change lets it in all the same; a model that asks for other inputs may better get a name of its own",
    },
  ];
}

function listed(differences: readonly string[]): string {
  const more = differences.length - maxNamed;
  return `${differences.slice(0, maxNamed).join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** A version that was taken out comes back only by force. */
export function rejectionProblems(deployment: ModelDeployment, environment: string, version: number): Problem[] {
  const rejection = deployment.spec.rejected?.findLast((entry) => entry.version === version);
  if (rejection === undefined) return [];
  const { model } = deployment.spec;
  return [
    {
      code: "version-rejected",
      message: `version ${version} of ${model} is rejected in ${environment} since ${rejection.at} (${rejection.by}): ${rejection.reason}`,
      hint: `mmsp deploy ${model} --version ${version} --env ${environment} --force takes the rejection back`,
    },
  ];
}
