import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { checkDocuments } from "../../schemas/check-documents.ts";
import { parseYaml } from "../../schemas/document.ts";
import { kustomizationResources } from "../../schemas/effective.ts";
import type { Problem } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { paths } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aRejection, aVersion, digest, earlier } from "../support/builders.ts";

type Files = ReadonlyMap<string, string>;

const deployment = paths.deployment("staging", "fraud");
const version = paths.version("fraud", 2);
const policy = paths.environment("staging");
const noTime = "2026-99-99T12:00:00Z";

/** A tree with values, one document a path. */
function treeWith(changes: Readonly<Record<string, unknown>> = {}): Map<string, unknown> {
  const served = aDeployment({
    canary: 2,
    spec: {
      shadow: { version: 3, percent: 5 },
      previous: [3],
      rejected: [aRejection(4, { evidence: { a: "b" } })],
      lock: { reason: "audit", by: "ann", at: earlier },
    },
  });
  return new Map<string, unknown>([
    [paths.project, aProject({ artifactStore: "s3://models", defaults: { steps: [5, 50] } })],
    [policy, anEnvironment("staging", { promotesTo: "prod", steps: [10, 50] })],
    [paths.environment("prod"), anEnvironment("prod", { backend: "kserve" })],
    ...[1, 2, 3].flatMap((number): [string, unknown][] => [
      [paths.version("fraud", number), aVersion("fraud", number)],
      [paths.versionKustomization("fraud", number), { resources: ["model-version.yaml"] }],
    ]),
    [deployment, served],
    [paths.deploymentKustomization("staging", "fraud"), { resources: kustomizationResources(served) }],
    ...Object.entries(changes),
  ]);
}

const written = new Map<string, string>();
/** As YAML. Most documents stay as they are from one tree to the next. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const key = JSON.stringify(value);
  const text = written.get(key) ?? stringify(value);
  written.set(key, text);
  return text;
}

const texts = (tree: ReadonlyMap<string, unknown>): Files =>
  new Map([...tree].map(([path, value]) => [path, textOf(value)]));
const told = (files: Files): string[] =>
  checkDocuments(files).problems.map(({ code, file = "", path = "" }) => `${code} ${file} ${path}`.trim());

describe("a document that breaks its schema", () => {
  const spec = aDeployment({ canary: 1 }).spec;
  const withSpec = (changes: object): object => ({ ...aDeployment(), spec: { ...spec, ...changes } });

  test("is sound in what follows, unless a test says otherwise", () => {
    expect(told(texts(treeWith()))).toEqual([]);
  });

  test("is held to the rules in its other parts", () => {
    const lock = { reason: "audit", by: "ann", at: noTime };
    const broken = withSpec({ previous: [9, 9], lock, serving: { timeoutMs: "soon" } });
    const files = texts(treeWith({ [deployment]: broken }));
    expect(told(files)).toEqual([
      `canary-is-stable ${deployment} spec.canary.version`,
      `previous-repeats ${deployment} spec.previous`,
      `version-unknown ${deployment} spec.previous[0]`,
      `version-unknown ${deployment} spec.previous[1]`,
      `time-unknown ${deployment} spec.lock.at`,
      `schema-type ${deployment} spec.serving.timeoutMs`,
    ]);
    expect(checkDocuments(files).problems.every(({ line }) => line !== undefined)).toBe(true);
  });

  test("is told the rules that its sound entries of a list break", () => {
    const freeze = [
      { from: noTime, to: earlier, reason: "a" },
      { from: earlier, to: 7, reason: "b" },
    ];
    const broken = anEnvironment("staging", { steps: [50, 10], freeze } as object);
    expect(told(texts(treeWith({ [policy]: broken })))).toEqual([
      `steps-order ${policy} spec.steps`,
      `time-unknown ${policy} spec.freeze[0].from`,
      `schema-type ${policy} spec.freeze[1].to`,
    ]);
  });

  test("is told which names its path contradicts", () => {
    const broken = { ...anEnvironment("prod"), spec: { namespace: "x", backend: "kserv" } };
    expect(told(texts(treeWith({ [policy]: broken })))).toEqual([
      `path-mismatch ${policy} metadata.name`,
      `schema-enum ${policy} spec.backend`,
    ]);
  });

  test("is told that its kustomization is missing, whatever that would have to list", () => {
    const tree = treeWith({ [deployment]: withSpec({ canary: { version: "two" } }) });
    tree.delete(paths.deploymentKustomization("staging", "fraud"));
    expect(checkDocuments(texts(tree)).problems.find(({ code }) => code === "kustomization-missing")?.hint).toBe(
      "mend the document beside it, and mmsp validate says what to write",
    );
  });

  test.each<[string, object]>([
    ["a canary that cannot be read", { canary: { ...spec.canary, version: "two" } }],
    ["a canary that is misspelled", { canary: undefined, canray: { version: 2 } }],
    ["a field that stands in the wrong place", { canary: undefined, routing: { canary: { version: 2 } } }],
    ["no stable version", { stable: undefined, canary: undefined }],
  ])("is told nothing of what may follow from %s", (_, changes) => {
    const problems = told(texts(treeWith({ [deployment]: withSpec(changes) })));
    expect(problems).not.toEqual([]);
    expect(problems.filter((problem) => !problem.startsWith("schema-"))).toEqual([]);
  });
});

describe("nobody misses a document that is there", () => {
  test.each<[string, unknown]>([
    ["breaks its schema", { kind: "ModelVersion" }],
    ["is no YAML", "spec: [\n"],
    ["is empty", ""],
    ["has another name than its folder", aVersion("fraud", 7)],
  ])("that %s", (_, broken) => {
    expect(new Set(checkDocuments(texts(treeWith({ [version]: broken }))).problems.map(({ file }) => file))).toEqual(
      new Set([version]),
    );
  });

  test("that is called .yml", () => {
    const tree = treeWith();
    const wrong = version.replace(".yaml", ".yml");
    tree.set(wrong, { ...aVersion("fraud", 2), kind: "Version" }).delete(version);
    expect(told(texts(tree))).toEqual([`file-extension ${wrong}`, `schema-const ${wrong} kind`]);
    tree.set(version, aVersion("fraud", 2));
    expect(told(texts(tree))).toEqual([`file-extension ${wrong}`, `schema-const ${wrong} kind`]);
  });

  test("in a folder that is no version", () => {
    const folder = "environments/registry/fraud/01";
    const kustomization = { [`${folder}/kustomization.yaml`]: { resources: ["model-version.yaml"] } };
    const files = texts(treeWith({ [`${folder}/model-version.yaml`]: aVersion("fraud", 1), ...kustomization }));
    expect(told(files)).toEqual([`path-mismatch ${folder}/model-version.yaml spec.version`]);
  });
});

type Keys = readonly (string | number)[];

const served = paths.deploymentKustomization("staging", "fraud");
const long = "x".repeat(900);
/** Values that break a rule where they are put; without keys the document goes. */
const ruleBreakers: readonly (readonly [file: string, keys: Keys, value?: unknown])[] = [
  [deployment, ["spec", "canary", "version"], 1],
  [deployment, ["spec", "canary", "steps"], [50, 10]],
  [deployment, ["spec", "shadow", "version"], 9],
  [deployment, ["spec", "previous"], [3, 3, 1, 4]],
  [deployment, ["spec", "rejected", 0, "version"], 1],
  [deployment, ["spec", "rejected", 0, "evidence"], { a: long, b: long }],
  [deployment, ["spec", "lock", "at"], noTime],
  [policy, ["spec", "promotesTo"], "moon"],
  [paths.environment("prod"), ["spec", "promotesTo"], "staging"],
  [policy, ["spec", "steps"], [50, 10]],
  [policy, ["spec", "freeze"], [{ from: earlier, to: earlier, reason: "x" }]],
  [paths.project, ["spec", "defaults", "steps"], [5, 5]],
  [paths.project, ["spec", "artifactStore"], "artifacts"],
  [version, ["spec", "artifact", "sha256"], digest("other")],
  [version, ["spec", "artifact", "uri"], "https://example.com/m.onnx"],
  [version, ["spec", "provenance", "createdAt"], noTime],
  [version, []],
  [paths.versionKustomization("fraud", 1), []],
  [served, []],
  [served, ["resources"], ["deployment.yaml"]],
];

type Fields = Record<string | number, unknown>;

function put(tree: Map<string, unknown>, [file, keys, value]: (typeof ruleBreakers)[number]): void {
  const last = keys.at(-1);
  if (last === undefined) return void tree.delete(file);
  const owner = keys.slice(0, -1).reduce<unknown>((at, key) => (at as Fields | undefined)?.[key], tree.get(file));
  if (owner !== undefined) (owner as Fields)[last] = value;
}

interface Slot {
  readonly owner: Fields;
  readonly key: string | number;
}

/** Every place in a value. */
function slotsOf(value: unknown): Slot[] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Fields;
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [{ owner, key }, ...slotsOf(owner[key])]);
}

function take({ owner, key }: Slot): void {
  if (Array.isArray(owner)) owner.splice(Number(key), 1);
  else delete owner[key];
}

/** What a hand may do to a value at one place of it. */
const slips: readonly ((slot: Slot, root: Fields) => void)[] = [
  take,
  ...["?", null, -1, [], { "a/b~c": 1 }, Array.from({ length: 30 }, (_, at) => at + 1)].map(
    (value) =>
      ({ owner, key }: Slot) =>
        void (owner[key] = structuredClone(value)),
  ),
  (slot) => {
    slot.owner[`${slot.key}s`] = slot.owner[slot.key];
    take(slot);
  },
  (slot, root) => {
    root[`${slot.key} `] = slot.owner[slot.key];
    take(slot);
  },
];

const anySlip = fc.record({
  file: fc.nat(),
  slot: fc.nat(),
  slip: fc.nat({ max: slips.length + 2 }),
});

function slipped(
  files: Files,
  mended: Files,
  { file, slot, slip }: { file: number; slot: number; slip: number },
): Files {
  const path = [...files.keys()][file % files.size]!;
  const text = files.get(path)!;
  if (text !== mended.get(path)) return files;
  const change = slips[slip];
  if (change === undefined) {
    const broken = [`${text}x: [\n`, "", `${text}apiVersion: twice\n`][slip - slips.length]!;
    return new Map(files).set(path, broken);
  }
  const root = parseYaml(path, text).value as Fields;
  const slots = slotsOf(root);
  const at = slots[slot % slots.length];
  if (at !== undefined) change(at, root);
  return new Map(files).set(path, stringify(root));
}

const identityOf = ({ code, file, path, message }: Problem): string => JSON.stringify([code, file, path, message]);

test("whatever slip makes a document break its schema, every other problem that is told remains when it is mended", () => {
  let kept = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...ruleBreakers), { maxLength: 3 }),
      fc.array(anySlip, { minLength: 1, maxLength: 2 }),
      (rules, slipsMade) => {
        const tree = structuredClone(treeWith());
        for (const rule of rules) put(tree, rule);
        const mended = texts(tree);
        // One in a file: a second one might change what the document says, and break nothing.
        const broken = slipsMade.reduce((files, slip) => slipped(files, mended, slip), mended);
        const slipsTold = readTree(broken).problems;
        const wrong = new Set(slipsTold.map(({ file }) => file));
        // A slip that the schema takes is none, but another document.
        fc.pre([...broken].every(([path, text]) => mended.get(path) === text || wrong.has(path)));
        const remaining = new Set(checkDocuments(mended).problems.map(identityOf));
        const others = checkDocuments(broken).problems.map(identityOf);
        const known = new Set(slipsTold.map(identityOf));
        expect(others.filter((problem) => !known.has(problem) && !remaining.has(problem))).toEqual([]);
        kept += others.filter((problem) => !known.has(problem)).length;
      },
    ),
    { numRuns: 500 },
  );
  expect(kept).toBeGreaterThan(100);
});
