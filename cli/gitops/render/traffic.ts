import type { Change, Share } from "../core/change.ts";
import { same } from "./compare.ts";

/** What the change means for those who use the model, in one sentence. */
export function trafficSentence({ verb, model, version, environment, traffic }: Change): string {
  if (verb === "register") {
    return `Version ${version} of ${model} joins the registry, which by itself changes nothing for users.`;
  }
  const subject = `Requests to ${model} in ${environment ?? "every environment"}`;
  const [before, after] = [traffic.before, traffic.after].map(served);
  if (!after?.length) return `${subject} get no answer: no version is served.`;
  if (!before?.length) return `${subject} go to ${listed(after)}; the model was not served there before.`;
  if (same(before, after)) return `${subject} go to ${listed(after)} as before; no traffic moves.`;
  return `${subject} go to ${listed(after)}; until now they went to ${listed(before)}.`;
}

function served(shares: readonly Share[]): readonly Share[] {
  return shares.filter(({ percent }) => percent > 0);
}

function listed(shares: readonly Share[]): string {
  if (shares.length === 1) return shares.map(({ version }) => `version ${version}`).join("");
  return shares.map(({ version, percent }) => `version ${version} (${percent} %)`).join(" and ");
}
