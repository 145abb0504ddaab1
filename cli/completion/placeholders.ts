import type { Flag } from "../flags.ts";

/** What a value is of, as far as completion knows it. */
export type ValueKind =
  | { readonly kind: "file" | "directory" | "model" | "version" | "next-version" | "weight" | "nothing" }
  | { readonly kind: "environment" | "other-environment" | "earlier-version" | "served-version" | "revision" }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

const kinds: Readonly<Record<string, Exclude<ValueKind["kind"], "choice">>> = {
  FILE: "file",
  DIR: "directory",
  ENV: "environment",
  NAME: "model",
  MODEL: "model",
  M: "model",
  V: "version",
  VERSION: "version",
  COMMIT: "revision",
};

/** By the word that stands for the value in help: `ENV`, `FILE`, `bash|zsh|fish`, or `sync` for itself. */
export function placeholderKind(placeholder: string): ValueKind {
  if (placeholder.includes("|") || /^[a-z]+$/.test(placeholder))
    return { kind: "choice", choices: placeholder.split("|") };
  return { kind: kinds[placeholder] ?? "nothing" };
}

export function flagKind(flag: Flag): ValueKind {
  return flag.completes === undefined ? placeholderKind(flag.value ?? "") : { kind: flag.completes };
}

/** The arguments before the first flag of a usage line: `[NAME] [--env ENV]` -> `NAME`; so is `NAME|--all`. */
export function argumentsOf(usage: string): readonly string[] {
  const words = usage.split(" ").map((word) => word.replaceAll(/^\[|\]$|\.\.\.$|\|--\w+$/g, ""));
  const end = words.findIndex((word) => !/^([A-Z]+|[a-z]+(\|[a-z]+)*)$/.test(word));
  return end === -1 ? words : words.slice(0, end);
}
