import { describe, expect, test } from "bun:test";
import { deadlineOf, timeoutParameterMs } from "../../../gateway/core/deadline.ts";

const header = (value: string | null) => (name: string) => (name === "x-mmsp-timeout-ms" ? value : null);

describe("how long a request may take", () => {
  test.each([
    ["the route's time, where nobody asks for less", null, null, 1000, false],
    ["the header's", "250", null, 250, true],
    ["the protocol's", null, 250.5, 250.5, true],
    ["the least of both", "300", 200, 200, true],
    ["never more than the route's", "5000", 4000, 1000, false],
    ["the route's, which is no caller's wish where both are the same", "1000", null, 1000, false],
  ] as const)("is %s", (_, text, protocolMs, ms, isCallers) => {
    expect(deadlineOf(1000, header(text), protocolMs)).toEqual({ ms, isCallers });
  });

  test.each(["", "0", "-5", "1.5", "1e3", "0x10", "10ms", "soon", "9".repeat(16)])(
    "is not told by the header %p",
    (text) => {
      expect(() => deadlineOf(1000, header(text), null)).toThrow(
        `the header x-mmsp-timeout-ms must be a whole number of milliseconds from 1, not the string ${JSON.stringify(text)}`,
      );
    },
  );
});

describe("the parameter timeout", () => {
  test.each([
    [undefined, null],
    [{}, null],
    ["not an object", null],
    [{ timeout: 0 }, null],
    [{ timeout: 1 }, 0.001],
    [{ timeout: 250_000 }, 250],
  ])("of %p is in microseconds", (parameters, ms) => {
    expect(timeoutParameterMs(parameters)).toBe(ms);
  });

  test.each([-1, 1.5, 2 ** 53, null, "100", {}])("may not be %p", (timeout) => {
    expect(() => timeoutParameterMs({ timeout })).toThrow(
      /^parameters\.timeout must be a whole number of microseconds, 0 for none, not /,
    );
  });
});
