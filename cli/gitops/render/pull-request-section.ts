/**
 * A version that only an open pull request registers is deployed there, too. Its body says so in a section for each
 * environment, between comments that nobody sees, above what it says of the registration.
 */
import type { Change } from "../core/change.ts";
import { deployedBy, registrationTitle } from "../core/proposals.ts";

/** The registration's title, and where it is deployed, in the order given; one that a person has given stays. */
export function titleOfBoth(
  title: string,
  body: string,
  { model, version }: Change,
  order: (a: string, b: string) => number,
): string {
  if (deployedBy(title, model, version) === null) return title;
  const environments = [...body.matchAll(/^<!-- mmsp (\S+) deploy -->$/gm)].map(([, name = ""]) => name);
  return registrationTitle(model, version, environments.toSorted(order));
}

/** What the body says besides the section of a change, with a heading of its own for the registration. */
export function besideSection(body: string, change: Change): string {
  const [begin, end] = bounds(nameOf(change));
  const text = body.replaceAll("\r\n", "\n");
  const [before = "", ...rest] = text.split(begin);
  const others = rest.length === 0 ? text : before + rest.join(begin).split(end).slice(1).join(end).trimStart();
  return others.trim() === "" || others.includes(registration) ? others : `${registration}\n${others}`;
}

/** The section comes first, for it decides what happens. */
export function withSection(beside: string, change: Change, own: string): string {
  const [begin, end] = bounds(nameOf(change));
  return `${begin}## Deployment to ${change.environment ?? ""}\n\n${own}${end}\n${beside}`;
}

/** What such sections say, as they stand at the head of a body. */
export function sectionsOf(body: string): string {
  return (body.replaceAll("\r\n", "\n").match(anySection) ?? []).join("");
}

function nameOf({ environment, verb }: Change): string {
  return `mmsp ${environment ?? ""} ${verb}`;
}

function bounds(name: string): readonly [string, string] {
  return [`<!-- ${name} -->\n`, `<!-- end of ${name} -->\n`];
}

const registration = bounds("mmsp registry register").join("## Registration\n");

const anySection = /<!-- (mmsp \S* \w+) -->\n[^]*?<!-- end of \1 -->\n\n?/g;
