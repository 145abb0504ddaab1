import { say, type Counts } from "../job.ts";

/** Cases by what they are like. */
export interface Families {
  add(family: string, isPassed: boolean, count?: number): void;
  entries(): readonly (readonly [string, Readonly<Counts>])[];
}

export function createFamilies(): Families {
  const counts = new Map<string, Counts>();
  return {
    add(family, isPassed, count = 1) {
      const of = counts.get(family) ?? { passed: 0, failed: 0 };
      of[isPassed ? "passed" : "failed"] += count;
      counts.set(family, of);
    },
    entries: () => [...counts].toSorted(([one], [other]) => one.localeCompare(other, "en")),
  };
}

/** A line of each; returns them all together. */
export function sayFamilies(all: readonly Families[]): Counts {
  const total: Counts = { passed: 0, failed: 0 };
  for (const [family, { passed, failed }] of all.flatMap((families) => families.entries())) {
    say(`${String(passed + failed).padStart(9)} ${family}${failed === 0 ? "" : `, ${failed} of them FAILED`}`);
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}
