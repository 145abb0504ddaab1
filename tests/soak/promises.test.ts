import { describe, expect, test } from "bun:test";
import type { Sample } from "./gauge.ts";
import { judgeHandles, judgeMemory, renderPromises } from "./promises.ts";

/** One each second, for so many minutes. */
function samplesOf(minutes: number, at: (minute: number) => Omit<Sample, "minutes">): readonly Sample[] {
  return Array.from({ length: minutes * 60 }, (_, second) => ({ minutes: second / 60, ...at(second / 60) }));
}

/** Up and down by as much, so that no two samples are the same. */
const noisy = (value: number, minute: number): number => value + 3 * Math.sin(minute * 40);

describe("memory", () => {
  test("that has settled is judged by its last 20 minutes alone", () => {
    const samples = samplesOf(30, (minute) => ({ rssMiB: noisy(100 + 50 * Math.min(minute, 9), minute), handles: 20 }));
    expect(judgeMemory(samples)).toMatchObject({
      kept: true,
      figure: expect.stringContaining("over the last 20.0 min"),
    });
  });

  test("that grows is found, and by how much", () => {
    const samples = samplesOf(30, (minute) => ({ rssMiB: noisy(100 + 1.5 * minute, minute), handles: 20 }));
    expect(judgeMemory(samples)).toMatchObject({
      kept: false,
      figure: expect.stringMatching(/^1\.[45]\d MiB a minute/),
    });
  });

  test("of a shorter run is judged by its last two thirds, and says so", () => {
    const samples = samplesOf(3, () => ({ rssMiB: 100, handles: 20 }));
    expect(judgeMemory(samples).figure).toContain("over the last 2.0 min");
  });
});

describe("handles", () => {
  test("may come and go, and not become more", () => {
    expect(judgeHandles(samplesOf(9, (at) => ({ rssMiB: 1, handles: 20 + (Math.round(at * 60) % 7) })))).toMatchObject({
      kept: true,
    });
    expect(judgeHandles(samplesOf(9, (at) => ({ rssMiB: 1, handles: 20 + Math.floor(at) * 2 })))).toMatchObject({
      kept: false,
    });
  });

  test("that the system does not tell are not said to be kept", () => {
    const kept = judgeHandles(samplesOf(3, () => ({ rssMiB: 1, handles: null })));
    expect(kept.kept).toBeNull();
    expect(renderPromises([kept])).toContain("SKIPPED");
  });
});
