/**
 * The guard's two promises, by Monte Carlo with the shipped functions: how often a healthy canary is cut in a day, and
 * how many attempts a bad one gets, as Markdown. `bun tests/bench/guard-simulation.ts [days]`; 1,000 days take some
 * minutes. tests/gateway/core/guard/simulation.test.ts holds the guard to shorter days.
 */
import { simulateDay, upperBound, type Day, type Rates } from "../support/guard-day.ts";
import { seededRandom } from "../support/random.ts";

const slo = { errorRate: 0.01, latencyP95Ms: 200, minRequests: 20, windowSeconds: 60 };
const always = (errors: number, slow = 0): (() => Rates) => {
  const rates = { errors, slow };
  return () => rates;
};

const day: Day = {
  slo,
  weight: 10,
  attempts: 20_000,
  seconds: 86_400,
  canary: always(0),
  stable: always(0),
  lookEvery: 10,
};

/** Both fail alike, and at times very much: an outage of what both depend on, one minute in fifty. */
const outages = (attempt: number): Rates =>
  attempt % 700 < 14 ? { errors: 0.6, slow: 0.6 } : { errors: 0.002, slow: 0 };

const healthy: Readonly<Record<string, Day>> = {
  "errors at the objective, stable without": { ...day, canary: always(0.01) },
  "errors and slow answers at the objective": { ...day, canary: always(0.01, 0.05) },
  "half the objective, stable without": { ...day, canary: always(0.005, 0.025) },
  "as bad as stable, 5x the objective": { ...day, canary: always(0.05, 0.25), stable: always(0.05, 0.25) },
  "as bad as stable, at weight 50": { ...day, weight: 50, canary: always(0.05), stable: always(0.05) },
  "outages that both have": { ...day, canary: outages, stable: outages },
  "at the objective, weight 100": { ...day, weight: 100, canary: always(0.01, 0.05) },
};

type Row = readonly (string | number)[];

/** A Markdown table. */
function print(title: string, head: Row, rows: readonly Row[]): void {
  const line = (cells: Row): string => `| ${cells.join(" | ")} |`;
  console.log([`${title}\n`, line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n"));
}

function falseCuts(days: number): readonly Row[] {
  return Object.entries(healthy).map(([name, scenario]) => {
    let cuts = 0;
    for (let run = 0; run < days; run += 1) if (simulateDay(scenario, seededRandom(run + 1)) !== null) cuts += 1;
    const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
    return [name, cuts, percent(cuts / days), percent(upperBound(cuts, days))];
  });
}

/** Attempts from the moment at which the canary turns bad until the cut; up to then it is as good as stable. */
function delays(rates: Rates, runs: number, from: number): readonly [median: string, most: string] {
  const good: Rates = { errors: 0.005, slow: 0.025 };
  const attempts = from + 60_000;
  const seconds = (attempts / day.attempts) * day.seconds;
  const canary = (attempt: number): Rates => (attempt <= from ? good : rates);
  const scenario: Day = { ...day, attempts, seconds, canary, stable: () => good };
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const cut = simulateDay(scenario, seededRandom(run + 1));
    if (cut === null || cut > from) found.push(cut === null ? Number.POSITIVE_INFINITY : cut - from);
  }
  found.sort((a, b) => a - b);
  const at = (share: number): string => String(found[Math.ceil(share * found.length) - 1] ?? "-");
  return [at(0.5), at(0.95)];
}

/** What goes bad, and how: errors at a multiple of 1 %, slow answers at one of 5 %. */
const bad: Readonly<Record<string, Rates>> = {
  "errors at 2x the objective": { errors: 0.02, slow: 0.025 },
  "errors at 5x the objective": { errors: 0.05, slow: 0.025 },
  "errors at 20x the objective": { errors: 0.2, slow: 0.025 },
  "every attempt fails": { errors: 1, slow: 0.025 },
  "slow answers at 2x the objective": { errors: 0.005, slow: 0.1 },
  "slow answers at 5x the objective": { errors: 0.005, slow: 0.25 },
  "slow answers at 19x the objective": { errors: 0.005, slow: 0.95 },
};

if (import.meta.main) {
  const days = Number(process.argv[2] ?? 1000);
  const runs = Math.min(days, 300);
  print(
    `Healthy canaries cut in a day of ${day.attempts} attempts; ${days} days each, 1 % is allowed`,
    ["healthy canary", "days with a cut", "share", "95 % bound"],
    falseCuts(days),
  );
  print(
    `Attempts at a bad canary until the cut; stable at half the objective, weight ${day.weight}, ${runs} runs each`,
    ["bad canary", "at once: median", "95 %", "after 5,000 good attempts: median", "95 %"],
    Object.entries(bad).map(([name, rates]) => [name, ...delays(rates, runs, 0), ...delays(rates, runs, 5_000)]),
  );
}
