import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { judgeServing } from "../../../../cli/gitops/core/follow-serving.ts";
import { gatewayStatusOf } from "../../../../cli/gitops/core/gateway-status.ts";
import { liveOf } from "../../../../cli/gitops/core/live.ts";
import { aDeployment } from "../../../support/builders.ts";

const expected = { environment: "dev", model: "fraud", deployment: aDeployment() };

test("another server's answer is told as such, whatever it is", () => {
  const named = { environment: "dev", revision: "abc" };
  for (const body of [undefined, null, 7, "ok", [], named, { models: [3, null] }, { ...named, models: "many" }]) {
    expect(gatewayStatusOf(body)).toEqual({ error: "what answers there is no gateway of mmsp" });
  }
});

test.each([null, undefined, {}, "none", [null, 7, { model: "fraud" }]])(
  "lists that are missing or of another shape are empty: %p",
  (list) => {
    const body = { environment: "dev", revision: "abc", models: [], cuts: list, problems: list };
    expect(gatewayStatusOf(body)).toEqual({ environment: "dev", revision: "abc", models: [], cuts: [], problems: [] });
  },
);

test("problems keep their places, and nothing that steers a terminal", () => {
  const problem = { code: "yaml", message: "is\u001b[2J broken", hint: "mend it", file: "a.yaml", line: 3, path: null };
  const body = { environment: "dev", revision: "abc", models: [], problems: [problem] };
  expect(gatewayStatusOf(body)).toMatchObject({
    problems: [{ code: "yaml", message: "is [2J broken", hint: "mend it", file: "a.yaml", line: 3 }],
  });
});

test("whatever a server answers, --wait and status --live make sense of it", () => {
  const anything = fc.anything({ maxDepth: 3 });
  const body = fc.record(
    {
      environment: fc.constant("dev"),
      revision: fc.constant("abc"),
      models: fc.oneof(anything, fc.array(anything)),
      cuts: fc.oneof(anything, fc.array(anything)),
      problems: fc.oneof(anything, fc.array(anything)),
    },
    { requiredKeys: ["environment", "revision"] },
  );
  fc.assert(
    fc.property(body, (answered) => {
      const answer = gatewayStatusOf(answered);
      expect(liveOf("dev", "http://gateway", answer).environment).toBe("dev");
      expect(judgeServing(expected, "error" in answer ? null : answer).kind).not.toBe("stop");
    }),
  );
});
