import { digest8Of, type Digests } from "../../../schemas/artifact.ts";
import type { OpenProposal } from "./change.ts";

/** `mmsp/registry/<model>/<version>-<digest8Of the artifact>`, perhaps with the `-2` of a second branch. */
const registration = /^mmsp\/registry\/([^/]+)\/([1-9]\d*)-([0-9a-f]{8})(?:-\d+)?$/;

/** An open pull request that registers a version. */
export interface Registration {
  readonly version: number;
  /** Of the artifact's digests. */
  readonly digest8: string;
  readonly proposal: OpenProposal;
}

/** For messages: `pull request #7`, or the branch where there are no pull requests. */
export function proposalName({ number, branch }: OpenProposal): string {
  return number === null ? `the branch ${branch}` : `pull request #${number}`;
}

/** What a person goes to: the pull request's address, or the branch itself. */
export function proposalPlace({ number, branch, url }: OpenProposal): string {
  return number === null ? `the branch ${branch}` : url;
}

/** The branch that registers a version; the same file gives the same branch. */
export function registrationBranch(model: string, version: number, artifact: Digests): string {
  return `mmsp/registry/${model}/${version}-${digest8Of(artifact)}`;
}

/** The title of a pull request that registers a version, and of one that deploys it, too, to these environments. */
export function registrationTitle(model: string, version: number, environments: readonly string[] = []): string {
  const own = `Register ${model} ${version}`;
  return environments.length === 0 ? own : `${own} and deploy it to ${environments.join(" and ")}`;
}

/** The environments that such a title names; null of one that a person has given, which does not say. */
export function deployedBy(title: string, model: string, version: number): readonly string[] | null {
  const own = registrationTitle(model, version);
  if (title === own) return [];
  const [before, places] = title.split(" and deploy it to ");
  return before === own && places !== undefined ? places.split(" and ") : null;
}

/** Open registrations of the model, by version. */
export function registrationsOf(proposals: readonly OpenProposal[], model: string): readonly Registration[] {
  return proposals
    .flatMap((proposal) => {
      const [, name, version = "", digest8 = ""] = registration.exec(proposal.branch) ?? [];
      return name === model ? [{ version: Number(version), digest8, proposal }] : [];
    })
    .toSorted((a, b) => a.version - b.version);
}

/** The open pull request that registers this version, with this artifact where one is given. */
export function registrationOf(
  proposals: readonly OpenProposal[],
  model: string,
  version: number,
  artifact: Digests | null,
): OpenProposal | null {
  const found = registrationsOf(proposals, model).find(
    (candidate) => candidate.version === version && (artifact === null || digest8Of(artifact) === candidate.digest8),
  );
  return found?.proposal ?? null;
}

/** The model that a branch registers a version of; null for any other branch. */
export function modelOfRegistration(branch: string): string | null {
  return registration.exec(branch)?.[1] ?? null;
}
