import { expect, test } from "bun:test";
import { gatewayStatusOf } from "../../../../cli/gitops/core/gateway-status.ts";
import { liveOf } from "../../../../cli/gitops/core/live.ts";

test("of a gateway's status, people see versions, cuts and what the guard counted", () => {
  const body = {
    environment: "prod",
    revision: "abc",
    models: [
      {
        model: "fraud",
        stable: { version: 2, attempt: 5 },
        canary: { version: 3, attempt: 6, weight: 10 },
        guard: { kind: "healthy", reason: "errors 0 % of 340 attempts", evidence: {} },
      },
      { model: "churn", stable: null, canary: null, guard: null },
    ],
    cuts: [{ model: "fraud", version: 3, by: "guard", reason: "errors\u001b[31m 9 %", state: "open" }],
  };
  expect(liveOf("prod", "http://gateway", gatewayStatusOf(body))).toEqual({
    environment: "prod",
    address: "http://gateway",
    revision: "abc",
    problems: [],
    error: null,
    models: [
      {
        model: "fraud",
        stable: 2,
        canary: { version: 3, weight: 10 },
        cuts: [{ version: 3, by: "guard", reason: "errors [31m 9 %" }],
        guard: "errors 0 % of 340 attempts",
      },
      { model: "churn", stable: null, canary: null, cuts: [], guard: null },
    ],
  });
});

test("one that does not answer is told with the reason", () => {
  const address = "http://gateway";
  const silent = {
    environment: "prod",
    address,
    revision: null,
    models: [],
    problems: [],
    error: "it cannot be reached",
  };
  expect(liveOf("prod", address, { error: "it cannot be reached" })).toEqual(silent);
});
