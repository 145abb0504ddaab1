import type { Flags } from "./flags.ts";

/**
 * Words of other tools (gh, kubectl, argocd, helm, git, terraform), and what does the same here. Loaded only once a word is none of
 * mmsp's: nothing here is ever carried out, it is what the person reads who tried it.
 */
const commandsElsewhere = byWord({
  get: 'did you mean "mmsp list" (what is registered) or "mmsp status" (what is served)?',
  "describe view inspect info cat": 'did you mean "mmsp show"?',
  "apply sync upgrade release": 'did you mean "mmsp deploy"? Merging the pull request that it opens applies it',
  "merge approve": 'a pull request is merged where it is; "mmsp wait" waits until it is served',
  "plan preview": "each command that writes has --dry-run",
  "undo revert abort": 'did you mean "mmsp rollback"?',
  "log logs events": 'did you mean "mmsp history"?',
  "ps top": 'did you mean "mmsp status"?',
  watch: 'did you mean "mmsp status --watch"?',
  "add create push upload import": 'did you mean "mmsp register"?',
  "serve start run": 'did you mean "mmsp up"?',
  stop: 'did you mean "mmsp down"?',
  "check lint verify": 'did you mean "mmsp validate"?',
  doctor: 'did you mean "mmsp init --check"?',
  "delete rm remove prune":
    '"mmsp rollback" takes a version out of service, "mmsp gc" removes those that nothing serves',
  "canary scale weight": 'did you mean "mmsp deploy --canary"?',
  "login auth": "there is no login: the token is GITHUB_TOKEN, else the one of `gh auth login`",
  "config env variables": 'did you mean "mmsp help environment"?',
});

/** What other tools put before the verb: `argocd app sync`, `kubectl rollout undo`. Here everything is about models. */
const nouns: readonly string[] = [
  "app",
  "application",
  "deployment",
  "model",
  "models",
  "rollout",
  "version",
  "versions",
];

/** `did you mean "mmsp rollback"?` of `undo`, or of `rollout undo`; null of a word that nobody else has either. */
export function commandElsewhere(words: readonly string[], commands: readonly string[]): string | null {
  const [name = "", verb] = words.filter((word) => !word.startsWith("-"));
  if (!nouns.includes(name)) return commandsElsewhere.get(name) ?? null;
  if (verb !== undefined && commands.includes(verb)) return `did you mean "mmsp ${verb}"?`;
  return commandsElsewhere.get(verb ?? "") ?? commandsElsewhere.get("get") ?? null;
}

/** Flags of other tools, and the one that says the same here: the first that a command has. */
const flagsElsewhere: Readonly<Record<string, readonly string[]>> = {
  o: ["json"],
  output: ["json"],
  n: ["env"],
  namespace: ["env"],
  environment: ["env"],
  R: ["repo"],
  B: ["base"],
  branch: ["base"],
  f: ["watch"],
  follow: ["watch"],
  m: ["reason"],
  message: ["reason"],
  model: ["name"],
  revision: ["to", "version"],
  "to-revision": ["to"],
  tag: ["version"],
  percent: ["canary"],
  weight: ["canary"],
};

const needless = byWord({
  "y yes": "nothing is asked that would have to be confirmed",
  "w web": "no browser is opened: addresses are printed",
  "A all-namespaces all-environments": "all environments are looked at where --env is left out",
});

/** `did you mean --json?` of `-o`, or why there is no such flag; null of one that nobody else has either. */
export function flagElsewhere(name: string, flags: Flags): string | null {
  const candidates = Object.hasOwn(flagsElsewhere, name) ? flagsElsewhere[name] : undefined;
  const same = candidates?.find((flag) => Object.hasOwn(flags, flag));
  return same === undefined ? (needless.get(name) ?? null) : `did you mean --${same}?`;
}

/** Each word of a key by itself. */
function byWord(table: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(table).flatMap(([words, meant]) => words.split(" ").map((word) => [word, meant] as const)),
  );
}
