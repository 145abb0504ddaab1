/**
 * The guard's two promises, by Monte Carlo with the shipped functions: how often a healthy canary is cut in a day, and
 * how many attempts a bad one gets. `bun tests/bench/guard-simulation.ts [days]`; 1,000 days take some minutes.
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

function falseCuts(days: number): void {
  console.log(`healthy canaries cut in a day of ${day.attempts} attempts (${days} days each; allowed 1 %)`);
  for (const [name, scenario] of Object.entries(healthy)) {
    let cuts = 0;
    for (let run = 0; run < days; run += 1) if (simulateDay(scenario, seededRandom(run + 1)) !== null) cuts += 1;
    const bound = (upperBound(cuts, days) * 100).toFixed(2);
    console.log(`  ${name.padEnd(44)} ${String(cuts).padStart(4)}   true share <= ${bound} % (95 %)`);
  }
}

/** From `from` attempts on the canary is bad; before, it is as good as stable. */
function delays(name: string, rates: Rates, runs: number, from: number): void {
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
  const at = (share: number): string => String(found[Math.ceil(share * found.length) - 1] ?? "-").padStart(8);
  console.log(`  ${name.padEnd(44)} ${at(0.5)} ${at(0.95)}`);
}

if (import.meta.main) {
  const days = Number(process.argv[2] ?? 1000);
  const runs = Math.min(days, 300);
  falseCuts(days);
  console.log(`\nattempts until the cut (stable at half the objective, weight 10; ${runs} runs)`);
  console.log(`  ${"".padEnd(44)} ${"median".padStart(8)} ${"95 %".padStart(8)}`);
  for (const [when, from] of [
    ["at once", 0],
    ["after 6 h", 5_000],
  ] as const) {
    for (const factor of [2, 5, 20]) {
      delays(`errors at ${factor}x the objective, ${when}`, { errors: 0.01 * factor, slow: 0.025 }, runs, from);
    }
    delays(`every attempt fails, ${when}`, { errors: 1, slow: 0.025 }, runs, from);
    for (const factor of [2, 5, 19]) {
      delays(`slow answers at ${factor}x the objective, ${when}`, { errors: 0.005, slow: 0.05 * factor }, runs, from);
    }
  }
}
