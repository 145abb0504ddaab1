import type { Change } from "../core/change.ts";

/** The registration's title, unless a person has given it another. */
export function titleOfBoth(title: string, { model, version }: Change): string {
  const own = `Register ${model} ${version}`;
  return title === own ? `${own} and deploy it` : title;
}

/** The registration's text below a section about the deployment, which decides what happens; a later one takes its place. */
export function withSection(body: string, change: Change, own: string): string {
  const name = `mmsp ${change.environment ?? ""} ${change.verb}`;
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->\n`];
  const text = body.replaceAll("\r\n", "\n");
  const [before = "", ...rest] = text.split(begin);
  const others = rest.length === 0 ? text : before + rest.join(begin).split(end).slice(1).join(end).trimStart();
  return `${begin}${own}${end}\n${others}`;
}

const anySection = /<!-- (mmsp \S* \w+) -->\n[^]*?<!-- end of \1 -->\n\n?/g;

/** What such sections say, as they stand at the head of a body. */
export function sectionsOf(body: string): string {
  return (body.replaceAll("\r\n", "\n").match(anySection) ?? []).join("");
}
