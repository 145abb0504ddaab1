/** What happens in a history: commands, alerts, and what people do meanwhile. Values, so that a failing history can be cut down. */

export const models = ["fraud", "churn"] as const;
export const environments = ["dev", "prod"] as const;

/** How often each comes, beside the others. */
const intents = {
  register: 1,
  deploy: 4,
  again: 6,
  replace: 1,
  force: 1,
  promote: 3,
  "promote-to": 2,
  "promote-all": 2,
  "promote-all-to": 1,
  rollback: 1,
  "rollback-to": 1,
  "rollback-commit": 1,
  alert: 3,
  "alert-pull": 1,
};

const acts = {
  merge: 6,
  close: 1,
  "push-main": 1,
  note: 1,
  weight: 1,
  break: 1,
  repair: 2,
  revert: 1,
  "push-branch": 3,
  "edit-branch": 2,
  "amend-branch": 2,
  "force-branch": 2,
  "delete-branch": 1,
  "update-branch": 1,
};

export type IntentName = keyof typeof intents;
export type ActName = keyof typeof acts;

export interface Step {
  /** Everything that is left open below follows from it. */
  readonly seed: number;
  /** Commands and alerts that are carried out at once, call by call in any order. */
  readonly writers: readonly IntentName[];
  /** Between their calls, or by themselves where nobody writes. */
  readonly acts: readonly ActName[];
  /** Of a hundred calls so many fail. */
  readonly faults: number;
}

const longest = 7;

/** Of so many histories one is played on a remote that only speaks git: it takes as long as three others. */
const oneOnGit = 20;

export type RemoteName = "github" | "git";

/** Where the history of a seed is played. */
export function remoteOf(seed: number): RemoteName {
  return seed % oneOnGit === 0 ? "git" : "github";
}

/** The steps of the history of a seed. */
export function stepsOf(random: () => number): readonly Step[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const some = <Name extends string>(often: Readonly<Record<Name, number>>, count: number): Name[] => {
    const names = (Object.keys(often) as Name[]).flatMap((name) => Array<Name>(often[name]).fill(name));
    return Array.from({ length: count }, () => names[below(names.length)]).filter((name) => name !== undefined);
  };
  return Array.from({ length: 3 + below(longest - 2) }, (): Step => {
    const writers = below(4) === 0 ? 0 : 1 + (below(3) === 0 ? 1 + below(2) : 0);
    const seed = below(2 ** 31);
    const faults = below(3) === 0 ? 10 : 0;
    return { seed, writers: some(intents, writers), acts: some(acts, writers === 0 ? 1 : below(4)), faults };
  });
}

export function describeStep({ writers, acts, faults }: Step): string {
  const parts = [...writers, ...acts.map((act) => `(${act})`), ...(faults > 0 ? [`${faults} % faults`] : [])];
  return parts.join(" + ");
}
