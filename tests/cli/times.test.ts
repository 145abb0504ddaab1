import { describe, expect, test } from "bun:test";
import { timeTeller } from "../../cli/ago.ts";
import { durationFlag, momentOf } from "../../cli/times.ts";
import { UsageError } from "../../cli/flags.ts";

const now = new Date("2026-03-01T12:00:00Z");

test("on a terminal times are told from now, in a pipe in full", () => {
  const [ago, full] = [timeTeller(true, now), timeTeller(false, now)];
  const told = [
    ["2026-03-01T11:59:30Z", "just now"],
    ["2026-03-01T11:18:00Z", "42 min ago"],
    ["2026-02-28T13:00:00Z", "23 h ago"],
    ["2026-02-24T12:00:00Z", "5 days ago"],
    ["2025-11-30T12:00:00Z", "2025-11-30"],
    ["2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"],
  ];
  expect(told.map(([time = ""]) => [time, ago(time)])).toEqual(told);
  expect(full("2026-03-01T11:59:30.123Z")).toBe("2026-03-01T11:59:30Z");
});

describe("a moment", () => {
  test("is the same one in every way to write it", () => {
    const same = Date.parse("2026-01-31T12:00:00Z");
    for (const text of [
      "2026-01-31T12:00Z",
      "2026-01-31 12:00:00z",
      "2026-01-31T13:00:00.000+01:00",
      "2026-01-31T06:30-0530",
    ]) {
      expect(momentOf("at", text, now)).toEqual({ at: same, note: null });
    }
  });

  test("that is a date alone is its beginning in UTC, and says so", () => {
    expect(momentOf("at", "2024-02-29", now)).toEqual({
      at: Date.parse("2024-02-29T00:00:00Z"),
      note: "2024-02-29 is taken as 2024-02-29T00:00Z",
    });
  });

  test("may be now, and not later", () => {
    expect(momentOf("at", "now", now)).toEqual({ at: now.getTime(), note: null });
    expect(momentOf("at", "2026-03-01T13:00+01:00", now).at).toBe(now.getTime());
    expect(momentOf("at", "2026-03-01", now).at).toBeLessThan(now.getTime());
    for (const text of ["2026-03-01T12:00:01Z", "2026-03-02", "2126-01-01T00:00Z"]) {
      expect(() => momentOf("at", text, now)).toThrow(
        new UsageError(`--at takes a time that has been: "${text}" is after now, 2026-03-01T12:00:00Z`),
      );
    }
  });

  test("that does not exist, or could be any of 24, is refused", () => {
    for (const text of [
      "2026-02-29",
      "2026-13-01",
      "2026-01-31T24:00Z",
      "2026-01-31T12:60Z",
      "2026-01-31T12:00",
      "12:00Z",
      "",
    ]) {
      expect(() => momentOf("at", text, now)).toThrow(UsageError);
    }
  });
});

test("durations count seconds, minutes, hours and days", () => {
  expect(["90s", "15m", "72h", "30d", "0s"].map((text) => durationFlag("older-than", text))).toEqual([
    90_000, 900_000, 259_200_000, 2_592_000_000, 0,
  ]);
  for (const text of ["30", "d", "-1d", "1w", "1.5h"])
    expect(() => durationFlag("older-than", text)).toThrow(UsageError);
});
