import { expect, test } from "bun:test";
import { createGuardWatch, type GuardWatch, type WatchedCanary } from "../../../gateway/react/guard-watch.ts";
import type { Accusation } from "../../../gateway/react/ports.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const canary: WatchedCanary = {
  environment: "prod",
  model: "fraud",
  version: 3,
  attempt: 6,
  stable: 2,
  weight: 10,
  replicas: 1,
  slo: { errorRate: 0.01, latencyP95Ms: 200, minRequests: 20, windowSeconds: 60 },
};

function watching(accuse: (accusation: Accusation) => unknown = () => {}) {
  const clock = createManualClock();
  const accused: Accusation[] = [];
  const watch = createGuardWatch({
    clock,
    log: () => {},
    accuse: (accusation) => {
      accused.push(accusation);
      return accuse(accusation);
    },
  });
  watch.follow([canary]);
  return { clock, watch, accused };
}

function send(
  watch: GuardWatch,
  phase: "canary" | "stable",
  attempts: number,
  how: Partial<{ failed: boolean; latencyMs: number }> = {},
) {
  const version = phase === "canary" ? 3 : 2;
  for (let n = 0; n < attempts; n += 1)
    watch.record({ model: "fraud", version, phase, failed: false, latencyMs: 5, ...how });
}

test("a canary that fails is accused with the guard's reason, at the failure that proves it", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "stable", 180);
  send(watch, "canary", 15);
  send(watch, "canary", 10, { failed: true });
  await clock.advance(50);
  expect(accused).toEqual([
    {
      by: "guard",
      model: "fraud",
      version: 3,
      environment: "prod",
      action: "rollback",
      status: "firing",
      startsAt: "2026-11-21T08:00:00.050Z",
      reason: "errors 40 % of 25 attempts, objective 1 %, stable 0 % of 180",
      evidence: expect.objectContaining({ stream: "errors", canary: "10 of 25", stable: "0 of 180" }),
    },
  ]);
});

test("slow answers are counted against latencyP95Ms", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "stable", 180, { latencyMs: 200 });
  send(watch, "canary", 25, { latencyMs: 201 });
  await clock.advance(50);
  expect(accused.map(({ reason }) => reason)).toEqual([
    "slower than 200 ms: 100 % of 25 attempts, objective 5 %, stable 0 % of 180",
  ]);
});

test("stable's answers are looked at once a second", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "canary", 15);
  send(watch, "canary", 10, { failed: true });
  send(watch, "stable", 1);
  await clock.advance(50);
  expect(accused).toEqual([]);
  send(watch, "stable", 180);
  await clock.advance(1000);
  expect(accused.length).toBe(1);
});

test("a bad canary that stays is named again after a minute, not at every failure", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "stable", 180);
  for (let second = 0; second < 59; second += 1) {
    send(watch, "canary", 30, { failed: true });
    await clock.advance(1000);
  }
  expect(accused.length).toBe(1);
  await clock.advance(3000);
  expect(accused.length).toBe(2);
});

test("a canary that could not be accused is accused again", async () => {
  let fails = true;
  const { clock, watch, accused } = watching(() => {
    if (fails) throw new Error("a bug");
  });
  send(watch, "stable", 180);
  send(watch, "canary", 30, { failed: true });
  await clock.advance(50);
  fails = false;
  await clock.advance(1000);
  expect(accused.length).toBe(2);
  await clock.advance(10_000);
  expect(accused.length).toBe(2);
});

test("other versions' attempts, and models that are not watched, count for nothing", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "stable", 180);
  for (let n = 0; n < 100; n += 1) {
    watch.record({ model: "fraud", version: 4, phase: "canary", failed: true, latencyMs: 1 });
    watch.record({ model: "wine", version: 3, phase: "canary", failed: true, latencyMs: 1 });
  }
  await clock.advance(5000);
  expect(accused).toEqual([]);
  expect(watch.attempts("fraud", 3)).toBe(0);
  expect(watch.attempts("fraud", 4)).toBe(null);
  expect(watch.attempts("wine", 3)).toBe(null);
});

test("a new attempt of the same version starts with nothing", () => {
  const { watch } = watching();
  send(watch, "canary", 30);
  watch.follow([{ ...canary, attempt: 7 }]);
  expect(watch.attempts("fraud", 3)).toBe(0);
});

test("a change of weight keeps the attempts and starts the evidence anew", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "canary", 40);
  send(watch, "canary", 1, { failed: true });
  watch.follow([{ ...canary, weight: 50 }]);
  expect(watch.attempts("fraud", 3)).toBe(41);
  await clock.advance(1000);
  expect(watch.judgement("fraud")).toMatchObject({ kind: "healthy", reason: expect.stringContaining("of 0 attempts") });
  send(watch, "stable", 60);
  send(watch, "canary", 30, { failed: true });
  await clock.advance(50);
  expect(accused.length).toBe(1);
});

test("a table that changes nothing for the canary changes nothing for the guard", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "stable", 180);
  send(watch, "canary", 19, { failed: true });
  watch.follow([{ ...canary, slo: { ...canary.slo } }]);
  send(watch, "canary", 1, { failed: true });
  await clock.advance(50);
  expect(accused.length).toBe(1);
});

test("a canary that is gone is forgotten, also by a look that was due", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "stable", 180);
  send(watch, "canary", 30, { failed: true });
  watch.follow([]);
  await clock.advance(2000);
  expect(accused).toEqual([]);
  expect(watch.judgement("fraud")).toBe(null);
});

test("with too little data the judgement says so", async () => {
  const { clock, watch } = watching();
  expect(watch.judgement("fraud")).toBe(null);
  send(watch, "canary", 3, { failed: true });
  await clock.advance(1000);
  expect(watch.judgement("fraud")).toMatchObject({ kind: "too-little-data" });
});

test("a watch that was stopped looks no more", async () => {
  const { clock, watch, accused } = watching();
  send(watch, "stable", 180);
  send(watch, "canary", 30, { failed: true });
  watch.stop();
  await clock.advance(5000);
  expect(accused).toEqual([]);
  expect(clock.next()).toBe(null);
});
