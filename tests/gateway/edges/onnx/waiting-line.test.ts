import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createWaitingLine } from "../../../../gateway/edges/onnx/waiting-line.ts";

interface Caller {
  readonly name: string;
  readonly deadline: number;
}

function lineOf(expectedMs: number, callers: readonly Caller[]) {
  const late: string[] = [];
  const line = createWaitingLine<Caller>({ expectedMs, onLate: ({ name }) => void late.push(name) });
  for (const caller of callers) line.push(caller);
  return { line, late };
}

describe("who waits for a model", () => {
  test("is served in turn while there is time for all", () => {
    const { line, late } = lineOf(10, [
      { name: "a", deadline: Infinity },
      { name: "b", deadline: 50 },
    ]);
    expect([line.next(0)?.name, line.next(10)?.name, line.next(20)]).toEqual(["a", "b", undefined]);
    expect(late).toEqual([]);
  });

  test("is passed over when an answer would come too late", () => {
    const { line, late } = lineOf(10, [
      { name: "gone", deadline: 5 },
      { name: "hopeless", deadline: 15 },
      { name: "in time", deadline: 30 },
    ]);
    expect(line.next(8)?.name).toBe("in time");
    expect(late).toEqual(["gone", "hopeless"]);
  });

  test("is served although it looks too late where nobody behind can do better: the model may have become faster", () => {
    const { line, late } = lineOf(10, [
      { name: "gone", deadline: 5 },
      { name: "first", deadline: 12 },
      { name: "last", deadline: 14 },
    ]);
    expect(line.next(8)?.name).toBe("last");
    expect(late).toEqual(["gone", "first"]);
    expect(line.size).toBe(0);
  });

  test("is let go when the time is up, which makes room for others", () => {
    const { line, late } = lineOf(10, [
      { name: "gone", deadline: 5 },
      { name: "waits", deadline: 50 },
    ]);
    line.dropLate(6);
    expect([late, line.size]).toEqual([["gone"], 1]);
  });
});

test("one slow call does not send away who waits for the next", () => {
  const { line, late } = lineOf(10, [
    { name: "a", deadline: 560 },
    { name: "b", deadline: 570 },
  ]);
  line.took(500);
  expect([line.next(500)?.name, late]).toEqual(["a", []]);
});

test("under overload, as many are answered in time as the model can answer", () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 40 }), fc.double({ min: 1.1, max: 4, noNaN: true }), (patience, load) => {
      const callMs = 10;
      const line = createWaitingLine<{ deadline: number }>({ expectedMs: callMs, onLate: () => undefined });
      let [arrived, inTime, calls] = [0, 0, 0];
      for (let now = 0; now < 5000; now += callMs) {
        for (; (arrived * callMs) / load <= now; arrived++)
          line.push({ deadline: (arrived * callMs) / load + patience * callMs });
        const caller = line.next(now);
        if (caller === undefined) continue;
        line.took(callMs);
        calls++;
        if (now + callMs <= caller.deadline) inTime++;
      }
      expect(inTime).toBe(calls);
      expect(calls).toBeGreaterThan(490);
    }),
  );
});
