import { nearestName } from "../../schemas/words.ts";

/** At most so many names are listed in a message. */
const maxListed = 8;

/** `, did you mean "age"?`, or nothing where no name is near. */
export function didYouMean(word: string, names: readonly string[]): string {
  const best = nearestName(word, names);
  return best === null ? "" : `, did you mean "${best}"?`;
}

/** `"a", "b" and 3 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, maxListed).map((name) => JSON.stringify(shorten(name)));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

/** What a JSON value is, for a message: `a string ("abc")`, `null`, `a list of 3`. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return `the string ${JSON.stringify(shorten(value))}`;
  if (typeof value === "number")
    return Number.isFinite(value) ? `the number ${value}` : "a number that is out of range";
  return typeof value === "boolean" ? String(value) : "an object";
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 61)}...` : text;
}
