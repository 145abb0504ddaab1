import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { parseManifest } from "../../../../schemas/document.ts";
import { validateModelDeployment } from "../../../../schemas/kinds.ts";
import type { ModelDeployment } from "../../../../schemas/model-deployment.ts";
import { updateYaml } from "../../../../cli/gitops/render/yaml-edit.ts";
import { newDocument } from "../../../../cli/gitops/render/new-document.ts";
import { lostComments } from "./touched.ts";
import { tapeOf, tapes, type Tape } from "./yaml-generator.ts";

setDefaultTimeout(30_000);

type Spec = ModelDeployment["spec"];

/** A deployment as people lay it out: keys in any order, block or flow style, quotes, comments, blank lines. */
function deploymentText(tape: Tape): string {
  let comments = 0;
  const comment = (column: number) => `${" ".repeat(column)}# note ${String(++comments).padStart(3, "0")}`;
  const behind = () => (tape(3) === 0 ? ` ${comment(0)}` : "");
  const quoted = (text: string) => [`"${text}"`, `'${text}'`, text][tape(3)] ?? text;
  const since = quoted("2026-11-20T09:12:00Z");
  const step = tape(2) === 0 ? 2 : 4;

  function map(name: string, entries: readonly string[]): string[] {
    if (tape(2) === 0) return [`${name}: {${entries.join(", ")}}${behind()}`];
    const lines = entries.flatMap((entry) => [
      ...(tape(4) === 0 ? [comment(step)] : []),
      " ".repeat(step) + entry + behind(),
    ]);
    return [`${name}:${behind()}`, ...lines];
  }
  function list(name: string, items: readonly string[]): string[] {
    if (items.length === 0) return tape(2) === 0 ? [`${name}: []${behind()}`] : [];
    if (tape(2) === 0) return [`${name}: [${items.join(", ")}]${behind()}`];
    const dash = tape(2) === 0 ? "- " : `${" ".repeat(step)}- `;
    return [`${name}:${behind()}`, ...items.map((item) => dash + item + behind())];
  }

  const rejection = `{version: 9, attempt: 1, at: ${since}, phase: canary, by: guard, reason: too slow}`;
  const parts = [
    map("stable", ["version: 2", "attempt: 5", `since: ${since}`]),
    tape(2) === 0 ? map("canary", ["version: 3", `since: ${since}`, "attempt: 6", "weight: 10"]) : [],
    list("previous", ["1", "7", "8"].slice(0, tape(4))),
    list("rejected", tape(2) === 0 ? [rejection] : []),
    tape(2) === 0 ? map("slo", ["errorRate: 0.01", "latencyP95Ms: 2.5e1"]) : [],
  ];
  const turned = parts.map((_, at) => parts[(at + tape(5)) % parts.length] ?? []);
  const ordered = new Set(turned.map((part) => part.join("\n"))).size === parts.length ? turned : parts;
  const spec = ["model: fraud", ...ordered.flatMap((part) => (tape(3) === 0 ? ["", comment(0), ...part] : part))];
  const text = [
    ...(tape(3) === 0 ? [comment(0), "---"] : []),
    "apiVersion: mmsp.dev/v1alpha1",
    `kind: ${quoted("ModelDeployment")}${behind()}`,
    tape(2) === 0 ? "metadata: {name: fraud}" : "metadata:\n  name: fraud\n  labels: {team: risk}",
    "spec:",
    ...spec.map((line) => (line === "" ? "" : " ".repeat(step) + line)),
  ].join("\n");
  const ended = text + (tape(4) === 0 ? "" : "\n");
  return tape(3) === 0 ? ended.replaceAll("\n", "\r\n") : ended;
}

const at = "2026-12-01T00:00:00Z";

/** What the commands do to a document. */
const commands: Readonly<Record<string, (spec: Spec) => Spec>> = {
  "set a canary": (spec) => ({ ...spec, canary: { version: 4, attempt: 7, since: at, weight: 25 } }),
  "change the weight": (spec) => ({ ...spec, ...(spec.canary ? { canary: { ...spec.canary, weight: 50 } } : {}) }),
  "record steps": (spec) => ({ ...spec, ...(spec.canary ? { canary: { ...spec.canary, steps: [5, 25, 100] } } : {}) }),
  "make the canary stable": ({ canary, ...spec }) =>
    canary
      ? { ...spec, stable: { version: canary.version, attempt: canary.attempt, since: at }, previous: pushed(spec) }
      : spec,
  "push onto previous": (spec) => ({ ...spec, previous: pushed(spec) }),
  "append a rejection": ({ canary, ...spec }) => ({
    ...spec,
    rejected: [
      ...(spec.rejected ?? []),
      {
        version: canary?.version ?? 6,
        attempt: 6,
        at,
        phase: "canary",
        by: "alert",
        reason: 'p95 "40 ms": over # the limit',
        evidence: { latencyP95Ms: "40.2", alert: "null" },
      },
    ],
  }),
  "go back to the last": ({ previous = [], ...spec }) =>
    previous[0] === undefined
      ? spec
      : { ...spec, stable: { ...spec.stable, version: previous[0] }, previous: previous.slice(1) },
};

function pushed(spec: Spec): number[] {
  return [spec.stable.version, ...(spec.previous ?? [])].slice(0, 5);
}

function read(text: string): ModelDeployment {
  const { value, problems } = parseManifest("deployment.yaml", text, validateModelDeployment);
  expect(problems).toEqual([]);
  if (value === null) throw new Error("a document without problems has a value");
  return value;
}

for (const [name, command] of Object.entries(commands)) {
  test(`${name}: the text says so, valid, and every comment of what stays is there`, () => {
    fc.assert(
      fc.property(tapes, (decisions) => {
        const text = deploymentText(tapeOf(decisions));
        const current = read(text);
        const next = { ...current, spec: command(current.spec) };
        const result = updateYaml(text, next);
        expect(read(result)).toEqual(next);
        expect(lostComments(text, current, next, result)).toEqual([]);
        expect(read(updateYaml(result, current))).toEqual(current);
      }),
      { numRuns: 150 },
    );
  });
}

test("a new document says what it was given, in the house style", () => {
  const spec: Spec = {
    model: "fraud",
    stable: { version: 2, attempt: 5, since: "2026-11-20T09:12:00Z" },
    canary: { version: 3, attempt: 6, since: "2026-11-21T08:00:00Z", weight: 10 },
    previous: [1],
    rejected: [],
  };
  const deployment = {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelDeployment",
    metadata: { name: "fraud" },
    spec,
  } as const;
  const text = newDocument(deployment);
  expect(text).toBe(`apiVersion: mmsp.dev/v1alpha1
kind: ModelDeployment
metadata: {name: fraud}
spec:
  model: fraud
  stable: {version: 2, attempt: 5, since: "2026-11-20T09:12:00Z"}
  canary: {version: 3, attempt: 6, since: "2026-11-21T08:00:00Z", weight: 10}
  previous: [1]
  rejected: []
`);
  expect(read(text)).toEqual(deployment);
});
