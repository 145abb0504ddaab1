import type { Change, OpenProposal } from "./change.ts";
import { suffixed } from "./placement.ts";
import { deployedBy, registrationsOf } from "./proposals.ts";

/** Pull requests that a notice names before it says how many more there are. */
const maxNamed = 5;

/** A notice, and the numbers of the pull requests that it names. */
type Overlaps = Required<Pick<Change, "notices" | "pulls">>;

/**
 * That other open pull requests of mmsp's are about the same model in the same environment: each was planned on what is served
 * now, and whichever is merged last was planned on something else. One line, or none. `own`: the branch of the proposal that
 * the change becomes; null where it becomes none, but goes to the base branch at once. Branches on a remote without pull
 * requests are not named: many stay behind when they have been merged.
 */
export function overlapsOf(
  { environment, model }: Change,
  proposals: readonly OpenProposal[],
  own: string | null,
): Overlaps {
  if (environment === null) return { notices: [], pulls: [] };
  const ours = own === null ? [] : suffixed(own);
  const others = proposals
    .flatMap((proposal) => {
      const { branch, number } = proposal;
      const about = number === null || ours.includes(branch) ? null : aboutOf(proposal, environment, model);
      return number === null || about === null ? [] : [{ number, about }];
    })
    .toSorted((a, b) => a.number - b.number);
  if (others.length === 0) return { notices: [], pulls: [] };
  const named = others.slice(0, maxNamed);
  const list = named.map(({ number, about }) => `pull request #${number} (${about})`).join(", ");
  const more = others.length > named.length ? ` and ${others.length - named.length} more` : "";
  const again = others.length === 1 ? "plan it again" : "plan them again";
  const next = own === null ? again : "once one of them is merged, plan the others again";
  const notice = `also open for ${model} in ${environment}: ${list}${more}; ${next}`;
  return { notices: [notice], pulls: named.map(({ number }) => number) };
}

/**
 * That an open pull request of `mmsp gc` removes a version which the change brings back to work: it was made while nothing
 * served it. One line, or none. Of several versions its title only says how many, so it is told of them that it may.
 */
export function removalsOf({ model, traffic }: Change, proposals: readonly OpenProposal[]): Overlaps {
  const served = new Set(traffic.before.map(({ version }) => version));
  const brought = traffic.after.find(({ version }) => !served.has(version))?.version;
  if (brought === undefined) return { notices: [], pulls: [] };
  for (const { branch, number, title = "" } of proposals) {
    const removed = /^Remove (.+), which nothing serves$/.exec(title)?.[1];
    if (number === null || !isGcBranch(branch) || (removed ?? `${model} ${brought}`) !== `${model} ${brought}`)
      continue;
    const does = removed === undefined ? "may remove" : "removes";
    const again = "`mmsp gc --apply` brings it up to date once this is merged";
    return {
      notices: [`pull request #${number} (gc) ${does} version ${brought} of ${model}: ${again}`],
      pulls: [number],
    };
  }
  return { notices: [], pulls: [] };
}

function isGcBranch(branch: string): boolean {
  return branch.startsWith("mmsp/gc/");
}

/** `deploy-3`; null of what is about something else. The name of one about all models does not say which it changes. */
function aboutOf(proposal: OpenProposal, environment: string, model: string): string | null {
  const [root, place, name, about, ...rest] = proposal.branch.split("/");
  if (root !== "mmsp" || about === undefined || rest.length > 0) return null;
  if (place === "registry") return ridingOn(proposal, environment, model);
  if (place !== environment) return null;
  if (name === "_all") return "promote --all, perhaps of other models";
  return name === model ? about : null;
}

/** A deployment may be on the branch that registers its version: the title says so, unless a person has given another. */
function ridingOn(proposal: OpenProposal, environment: string, model: string): string | null {
  const [registration] = registrationsOf([proposal], model);
  if (registration === undefined) return null;
  const { version } = registration;
  const places = proposal.title === undefined ? null : deployedBy(proposal.title, model, version);
  if (places === null) return `registers version ${version}, and may deploy it`;
  return places.includes(environment) ? `registers version ${version}, and deploys it` : null;
}
