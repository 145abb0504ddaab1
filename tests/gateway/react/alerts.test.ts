import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readAlerts, type ReadAlert } from "../../../gateway/react/alerts.ts";
import { formatProblem, ProblemError } from "../../../schemas/problem.ts";
import { maxEvidenceBytes } from "../../../schemas/limits.ts";

const alert = {
  status: "firing",
  labels: { alertname: "ErrorRateHigh", model: "fraud", version: "3", environment: "prod", severity: "page" },
  annotations: { summary: "one in three fails", description: "31 % of 42 attempts" },
  startsAt: "2026-11-21T09:10:00.123456789+01:00",
  endsAt: "0001-01-01T00:00:00Z",
  generatorURL: "http://prometheus.test/graph",
  fingerprint: "6f3b1c2d",
};
const webhook = (...alerts: readonly unknown[]) => ({
  version: "4",
  groupKey: "{}:{}",
  truncatedAlerts: 0,
  status: "firing",
  receiver: "mmsp",
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: "http://alertmanager.test",
  alerts,
});
const one = (more: object): ReadAlert => readAlerts(webhook({ ...alert, ...more }))[0]!;

function accusationOf(read: ReadAlert) {
  if (read.kind !== "accusation") throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.accusation;
}

test("an alert becomes an accusation", () => {
  expect(readAlerts(webhook(alert))).toEqual([
    {
      index: 0,
      fingerprint: "6f3b1c2d",
      kind: "accusation",
      accusation: {
        by: "alert",
        model: "fraud",
        version: 3,
        environment: "prod",
        action: null,
        status: "firing",
        startsAt: "2026-11-21T08:10:00.123Z",
        reason: "ErrorRateHigh: one in three fails",
        evidence: {
          alertname: "ErrorRateHigh",
          severity: "page",
          summary: "one in three fails",
          description: "31 % of 42 attempts",
        },
      },
    },
  ]);
});

test("what an alert does not say is null", () => {
  const { labels } = alert;
  const read = one({
    labels: { model: labels.model, version: labels.version },
    annotations: undefined,
    startsAt: undefined,
  });
  expect(accusationOf(read)).toMatchObject({ environment: null, action: null, startsAt: null, evidence: {} });
  expect(accusationOf(read).reason).toBe("an alert without a name");
});

test("a resolved alert is told as such", () => {
  expect(accusationOf(one({ status: "resolved" })).status).toBe("resolved");
});

const malformed: readonly (readonly [string, unknown, string])[] = [
  ["null", null, "alerts[0]: Invalid input: expected object, received null"],
  ["a string", "fire", "alerts[0]: Invalid input: expected object, received string"],
  ["no status", { ...alert, status: undefined }, 'alerts[0].status: must be "firing" or "resolved"'],
  ["another status", { ...alert, status: "suppressed" }, 'alerts[0].status: must be "firing" or "resolved"'],
  ["no labels", { ...alert, labels: undefined }, "alerts[0].labels: is missing"],
  ["labels in a list", { ...alert, labels: [] }, "alerts[0].labels: Invalid input: expected object, received array"],
  ["no model", { ...alert, labels: { version: "3" } }, "alerts[0].labels.model: is missing"],
  ["no version", { ...alert, labels: { model: "fraud" } }, "alerts[0].labels.version: is missing"],
  [
    "a path for a model",
    { ...alert, labels: { model: "../fraud", version: "3" } },
    "alerts[0].labels.model: must be lower-case letters, digits and dashes, as in a DNS label",
  ],
  [
    "an empty version",
    { ...alert, labels: { model: "fraud", version: "" } },
    'alerts[0].labels.version: must be a whole number from 1, such as "3"',
  ],
  [
    "version 0",
    { ...alert, labels: { model: "fraud", version: "0" } },
    'alerts[0].labels.version: must be a whole number from 1, such as "3"',
  ],
  [
    "a version that is a word",
    { ...alert, labels: { model: "fraud", version: "v3" } },
    'alerts[0].labels.version: must be a whole number from 1, such as "3"',
  ],
  [
    "a version that is a number",
    { ...alert, labels: { model: "fraud", version: 3 } },
    "alerts[0].labels.version: Invalid input: expected string, received number",
  ],
  [
    "a version beyond all versions",
    { ...alert, labels: { model: "fraud", version: "99999999999999999999" } },
    "alerts[0].labels.version: ",
  ],
  [
    "a label that is no text",
    { ...alert, labels: { ...alert.labels, severity: 1 } },
    "alerts[0].labels.severity: Invalid input: expected string, received number",
  ],
  [
    "an annotation that is no text",
    { ...alert, annotations: { summary: {} } },
    "alerts[0].annotations.summary: Invalid input: expected string, received object",
  ],
  ["a time that is none", { ...alert, startsAt: "yesterday" }, "alerts[0].startsAt: must be a time such as"],
];

test.each(malformed)("a malformed alert is told with its place, and the next goes on: %s", (_, bad, text) => {
  const [first, second] = readAlerts(webhook(bad, alert));
  expect(first?.kind).toBe("malformed");
  expect(first?.kind === "malformed" ? first.problems.map(formatProblem).join("\n") : "").toStartWith(text);
  expect(second).toMatchObject({ index: 1, kind: "accusation" });
});

test.each([
  ["null", null],
  ["a list", []],
  ["no version", { alerts: [] }],
  ["version 3", { ...webhook(), version: "3" }],
  ["alerts that are no list", { ...webhook(), alerts: {} }],
])("a body that is no webhook of version 4 is refused as a whole: %s", (_, body) => {
  expect(() => readAlerts(body)).toThrow(ProblemError);
});

test("a webhook without alerts accuses nobody", () => {
  expect(readAlerts(webhook())).toEqual([]);
});

test("untrusted text comes out as single lines that turn nothing around", () => {
  const summary = "bad\r\n\u001b[31mred\u2028and \u202Ebackwards\u0000";
  const { reason, evidence } = accusationOf(one({ annotations: { summary } }));
  expect(reason).toBe("ErrorRateHigh: bad [31mred and backwards");
  expect(evidence["summary"]).toBe("bad [31mred and backwards");
});

test("whatever an alert says, reason and evidence keep to their limits", () => {
  const texts = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary", maxLength: 700 }), {
    maxKeys: 20,
  });
  fc.assert(
    fc.property(texts, texts, (more, annotations) => {
      const labels = { ...more, model: "fraud", version: "3", environment: "prod", action: "rollback" };
      const { reason, evidence } = accusationOf(one({ labels, annotations }));
      const lines = [reason, ...Object.keys(evidence), ...Object.values(evidence)];
      for (const line of lines) {
        expect(line).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);
        expect(line.length).toBeLessThanOrEqual(512);
      }
      const bytes = Buffer.byteLength(Object.entries(evidence).flat().join(""));
      expect(bytes).toBeLessThanOrEqual(maxEvidenceBytes);
    }),
  );
});
