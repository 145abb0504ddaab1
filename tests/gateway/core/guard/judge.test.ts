import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { judge, type Judgement } from "../../../../gateway/core/guard/judge.ts";
import { alternativesTo, logAboveObjective } from "../../../../gateway/core/guard/e-values.ts";
import { mixOverStarts } from "../../../../gateway/core/guard/mixture.ts";
import {
  createGuardState,
  maxStarts,
  observe,
  restart,
  type GuardState,
} from "../../../../gateway/core/guard/state.ts";

const slo = { errorRate: 0.01, latencyP95Ms: 200, minRequests: 20 };
const options = { replicas: 1, weight: 10 };

interface Seen {
  readonly attempts: number;
  readonly failed?: number;
  readonly slow?: number;
}

function see(state: GuardState, phase: "canary" | "stable", { attempts, failed = 0, slow = 0 }: Seen, at = 1): void {
  for (let n = 0; n < attempts; n += 1) observe(state, { phase, failed: n < failed, slow: n < slow, at });
}

function judged(canary: Seen, stable: Seen, more: Partial<typeof options> = {}): Judgement {
  const state = createGuardState(0, 60);
  see(state, "stable", stable);
  see(state, "canary", canary);
  return judge(state, slo, { ...options, ...more }, 60_000);
}

test("a canary that fails a third of its attempts is bad, and the reason says so", () => {
  const verdict = judged({ attempts: 42, failed: 13 }, { attempts: 380 });
  expect(verdict).toMatchObject({ kind: "bad", stream: "errors" });
  expect(verdict.reason).toBe("errors 31 % of 42 attempts, objective 1 %, stable 0 % of 380");
  expect(verdict.evidence).toMatchObject({
    canary: "13 of 42",
    stable: "0 of 380",
    objective: "1 %",
    seconds: "60",
    "e-value needed": "200",
  });
});

test("no verdict before minRequests, however bad it looks", () => {
  const verdict = judged({ attempts: 19, failed: 19 }, { attempts: 380 });
  expect(verdict.kind).toBe("too-little-data");
  expect(verdict.reason).toBe("19 of the 20 attempts that a verdict needs");
});

test("a canary within its objective is healthy, though stable does better", () => {
  expect(judged({ attempts: 5000, failed: 45 }, { attempts: 45_000 }).kind).toBe("healthy");
});

test("a canary that fails as stable does stays, and the reason says why", () => {
  const verdict = judged({ attempts: 500, failed: 150 }, { attempts: 4500, failed: 1350 });
  expect(verdict.kind).toBe("healthy");
  expect(verdict.reason).toContain("not shown to be worse than stable");
});

test("slow answers are judged where there is an objective for them", () => {
  const verdict = judged({ attempts: 60, slow: 30 }, { attempts: 540, slow: 5 });
  expect(verdict).toMatchObject({ kind: "bad", stream: "slow" });
  expect(verdict.reason).toBe("slower than 200 ms: 50 % of 60 attempts, objective 5 %, stable 0.93 % of 540");

  const state = createGuardState(0, 60);
  see(state, "canary", { attempts: 60, slow: 30 });
  see(state, "stable", { attempts: 540 });
  expect(judge(state, { errorRate: 0.01, minRequests: 20 }, options, 1).kind).toBe("healthy");
});

test("at weight 100 the objective alone decides", () => {
  const verdict = judged({ attempts: 40, failed: 20 }, { attempts: 0 }, { weight: 100 });
  expect(verdict.kind).toBe("bad");
  expect(verdict.reason).toBe("errors 50 % of 40 attempts, objective 1 %, no stable traffic");
});

test("with little stable traffic due the guard waits for it, and does without where its absence is no chance", () => {
  expect(judged({ attempts: 40, failed: 20 }, { attempts: 0 }, { weight: 95 }).kind).toBe("healthy");
  expect(judged({ attempts: 200, failed: 100 }, { attempts: 0 }, { weight: 95 }).kind).toBe("bad");
});

test("each replica asks for as many times the evidence as there are replicas", () => {
  const canary = { attempts: 60, failed: 8 };
  expect(judged(canary, { attempts: 540 }).kind).toBe("bad");
  expect(judged(canary, { attempts: 540 }, { replicas: 1000 }).kind).toBe("healthy");
});

test("more failures among as many attempts never save a canary", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 200 }),
      fc.nat(),
      fc.integer({ min: 0, max: 30 }),
      (attempts, some, failed) => {
        const fewer = some % attempts;
        const stable = { attempts: 600, failed };
        fc.pre((fewer + 0.5) / (attempts + 1) > (failed + 0.5) / 601);
        const before = judged({ attempts, failed: fewer }, stable).kind;
        return before !== "bad" || judged({ attempts, failed: fewer + 1 }, stable).kind === "bad";
      },
    ),
    { numRuns: 60 },
  );
});

test("within a window the order of attempts does not matter", () => {
  const attempt = fc.record({
    phase: fc.constantFrom("canary" as const, "stable" as const),
    failed: fc.boolean(),
    slow: fc.boolean(),
    at: fc.integer({ min: 0, max: 59_999 }),
  });
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 60 }), (attempts) => {
      const inOrder = createGuardState(0, 60);
      const reversed = createGuardState(0, 60);
      for (const one of attempts) observe(inOrder, one);
      for (const one of attempts.toReversed()) observe(reversed, one);
      expect(judge(inOrder, slo, options, 60_000)).toEqual(judge(reversed, slo, options, 60_000));
    }),
  );
});

/** Mean over all outcomes of `length` attempts of the largest mixture seen on the way stays below Ville's bound. */
function chanceOfReaching(level: number, rate: number, length: number, windowMs: number): number {
  const alternatives = alternativesTo(rate);
  let chance = 0;
  for (let outcomes = 0; outcomes < 1 << length; outcomes += 1) {
    const state = createGuardState(0, windowMs / 1000);
    let probability = 1;
    let reached = false;
    for (let n = 0; n < length; n += 1) {
      const failed = ((outcomes >> n) & 1) === 1;
      probability *= failed ? rate : 1 - rate;
      observe(state, { phase: "canary", failed, slow: false, at: n * 1000 });
      const { log } = mixOverStarts(state, "errors", ({ canary }) => logAboveObjective(canary, alternatives));
      reached ||= log >= Math.log(level);
    }
    if (reached) chance += probability;
  }
  return chance;
}

test("over many windows, by exact enumeration, the mixture reaches no level more often than Ville allows", () => {
  for (const rate of [0.05, 0.3]) {
    for (const level of [1.5, 3, 10]) expect(chanceOfReaching(level, rate, 12, 2000)).toBeLessThanOrEqual(1 / level);
  }
});

test("a canary that goes bad after hours of health is found soon", () => {
  const state = createGuardState(0, 60);
  const minute = 60_000;
  for (let at = 0; at < 480; at += 1) {
    see(state, "canary", { attempts: 20 }, at * minute);
    see(state, "stable", { attempts: 180 }, at * minute);
  }
  expect(judge(state, slo, options, 480 * minute).kind).toBe("healthy");
  see(state, "stable", { attempts: 270 }, 480 * minute);
  see(state, "canary", { attempts: 30, failed: 15 }, 480 * minute);
  const verdict = judge(state, slo, options, 480 * minute + 30_000);
  expect(verdict.kind).toBe("bad");
  expect(verdict.reason).toBe("errors 50 % of 30 attempts, objective 1 %, stable 0 % of 270");
});

test("the number of starts is bounded, the first stays, and gaps grow with age", () => {
  const state = createGuardState(0, 1);
  for (let at = 0; at < 20_000; at += 1) see(state, "canary", { attempts: 1 }, at * 1000);
  const numbers = state.starts.map((start) => start.number);
  expect(numbers.length).toBe(maxStarts);
  expect(numbers[0]).toBe(1);
  expect(numbers.at(-1)).toBe(20_000);
  numbers.slice(1, -1).forEach((number, at) => {
    const gap = number - numbers[at]!;
    expect(gap).toBeLessThanOrEqual(1 + 0.8 * (20_001 - number));
  });
});

test("hours without canary attempts cost no weight", () => {
  const state = createGuardState(0, 60);
  for (let at = 0; at < 600; at += 1) see(state, "stable", { attempts: 3 }, at * 60_000);
  expect(state.starts.map((start) => start.number)).toEqual([1]);
});

test("after a restart the evidence counts anew, the attempts and the spent weight do not", () => {
  const state = createGuardState(0, 60);
  see(state, "stable", { attempts: 380 });
  see(state, "canary", { attempts: 42, failed: 13 });
  restart(state, 1000, 60);
  expect(state.starts.map((start) => start.number)).toEqual([2]);
  expect(judge(state, slo, options, 1000).kind).toBe("healthy");
  see(state, "stable", { attempts: 180 }, 1000);
  see(state, "canary", { attempts: 20, failed: 10 }, 1000);
  expect(judge(state, slo, options, 2000).kind).toBe("bad");
});

test("a state is plain data that survives being copied", () => {
  const state = createGuardState(0, 60);
  see(state, "stable", { attempts: 380 });
  see(state, "canary", { attempts: 42, failed: 13 });
  expect(judge(structuredClone(state), slo, options, 5)).toEqual(judge(state, slo, options, 5));
});
