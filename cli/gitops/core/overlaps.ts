import type { Change, OpenProposal } from "./change.ts";
import { suffixed } from "./placement.ts";

/** Pull requests that a notice names before it says how many more there are. */
const maxNamed = 5;

/**
 * That other open pull requests of mmsp's are about the same model in the same environment: each was planned on what is served
 * now, and whichever is merged last was planned on something else. One line, or none. `own`: the branch of the proposal that
 * the change becomes; null where it becomes none. Branches on a remote without pull requests are not named: many stay behind
 * when they have been merged.
 */
export function overlapNotices(
  { environment, model }: Change,
  proposals: readonly OpenProposal[],
  own: string | null,
): readonly string[] {
  if (environment === null) return [];
  const ours = own === null ? [] : suffixed(own);
  const others = proposals
    .flatMap(({ branch, number }) => {
      const about = number === null || ours.includes(branch) ? null : aboutOf(branch, environment, model);
      return number === null || about === null ? [] : [{ number, about }];
    })
    .toSorted((a, b) => a.number - b.number);
  if (others.length === 0) return [];
  const named = others.slice(0, maxNamed).map(({ number, about }) => `pull request #${number} (${about})`);
  const more = others.length > named.length ? ` and ${others.length - named.length} more` : "";
  const next = "once one of them is merged, plan the others again";
  return [`also open for ${model} in ${environment}: ${named.join(", ")}${more}; ${next}`];
}

/** `deploy-3`; null of a branch about something else. The name of one about all models does not say which it changes. */
function aboutOf(branch: string, environment: string, model: string): string | null {
  const [root, place, name, about, ...rest] = branch.split("/");
  if (root !== "mmsp" || place !== environment || about === undefined || rest.length > 0) return null;
  if (name === "_all") return "promote --all, perhaps of other models";
  return name === model ? about : null;
}
