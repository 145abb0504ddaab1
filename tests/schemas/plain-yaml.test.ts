import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { parseDocument, stringify } from "yaml";
import { newDocument } from "../../cli/gitops/render/new-document.ts";
import { readPlainYaml } from "../../schemas/plain-yaml.ts";
import { tapeOf, tapes, textFrom } from "../cli/gitops/render/yaml-generator.ts";
import { aDeployment, anEnvironment, aProject, aRejection, aVersion } from "../support/builders.ts";

/** The library's value; undefined where it refuses the text. */
function libraryValue(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

/** Whether the text was taken; throws where it was, and means something else to the library, keys' order included. */
function agrees(text: string): boolean {
  const value = readPlainYaml(text);
  if (value === undefined) return false;
  const expected = libraryValue(text);
  expect(value, text).toStrictEqual(expected as never);
  expect(JSON.stringify(value), text).toBe(JSON.stringify(expected));
  return true;
}

const plain =
  'a:\n  b: c # note\n  d:\n    - e: f\n      g: [1, two, "x"]\n    - {h: i, j: k l}\n"m": \'n\'\no:\n- 1.5\n- p/q\n';

describe("what is commonly written is read without the library", () => {
  const folder = new URL("../../environments/", import.meta.url).pathname;
  const samples = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".yaml"));

  test.each(samples)("the sample %s", (path) => {
    expect(agrees(readFileSync(folder + path, "utf8"))).toBe(true);
  });

  const documents = [
    aDeployment({ canary: 2, spec: { rejected: [aRejection(3, { evidence: { rate: "0.4 > 0.1" } })], previous: [4] } }),
    aVersion("fraud", 1, { featureOrder: ["a", "b"], metrics: { auc: 0.9, loss: 1.5e-7 }, producer: "skl2onnx 1.2" }),
    anEnvironment("dev", { steps: [5, 100], slo: { errorRate: 0.01 } }),
    aProject(),
  ].map((document) => [document.kind, document] as const);

  test.each(documents)("%s as mmsp writes it, and as the library does", (_, document) => {
    for (const text of [newDocument(document), stringify(document)]) {
      expect(agrees(text)).toBe(true);
      expect(readPlainYaml(text)).toEqual(document);
      expect(readPlainYaml(text.replaceAll("\n", "\r\n"))).toEqual(document);
    }
  });

  test("lists beside their key, quotes, comments and a first ---", () => {
    expect(readPlainYaml(`# first\n---\n\n${plain}`)).toEqual({
      a: {
        b: "c",
        d: [
          { e: "f", g: [1, "two", "x"] },
          { h: "i", j: "k l" },
        ],
      },
      m: "n",
      o: [1.5, "p/q"],
    });
  });
});

/** Pieces that change what a text means, or make it none. */
const pieces: readonly string[] = [
  "abé😀:#-?,[]{}&*!|>'\"%@`~<=\\ \t\n\r\u00a0\u0085\u2028\ufeff\u0000".split(""),
  [
    "  ",
    "\n  ",
    "\n    ",
    "\n\n",
    "\r\n",
    ": ",
    " #",
    ", ",
    "- ",
    "- - ",
    "\n- ",
    "\n  - ",
    "? ",
    "\n---\n",
    "\n...\n",
  ],
  [
    "&x ",
    "*x",
    "!!str ",
    "<<: ",
    "__proto__: ",
    "constructor: 1\n",
    "a: 1\n",
    "a:\n",
    "- a: 1\n",
    "{a: 1, a: 2}",
    "[a: b]",
  ],
  [
    "null",
    "~",
    "true",
    "True",
    "no",
    "yes",
    "on",
    "0",
    "-0",
    "+1",
    "007",
    "0o7",
    "0x1F",
    "1_000",
    "1e3",
    "1E-5",
    ".5",
    "5.",
  ],
  [
    "0.0",
    "1e999",
    "12345678901234567890",
    ".inf",
    "-.INF",
    ".nan",
    "NaN",
    "1:30",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
  ],
  [
    "\\n",
    "\\u0041",
    "\\ud800",
    "\\x41",
    "\\/",
    "''",
    '""',
    "|\n  x\n",
    ">-\n  x\n",
    "  b: c\n",
    "a b: c\n",
    '"a": 1\n',
  ],
].flat();

const insertion = fc.record({ at: fc.nat(9999), piece: fc.constantFrom(...pieces), instead: fc.nat(4) });

function changed(text: string, changes: readonly { at: number; piece: string; instead: number }[]): string {
  return changes.reduce((before, { at, piece, instead }) => {
    const start = at % (before.length + 1);
    // Mostly nothing is taken away.
    return before.slice(0, start) + piece + before.slice(start + Math.max(0, instead - 2));
  }, text);
}

describe("where it takes a text, it reads what the library reads", () => {
  const bases = [plain, "a: 1\n", "- a: b\n  c: d\n- e\n", "a: {b: [c, d], e: 'f'}\n", "a:\n  - b\n  - c: d\n"];

  test("in plain texts with slips and rarities put in", () => {
    let taken = 0;
    const changes = fc.array(insertion, { minLength: 1, maxLength: 3 });
    const property = fc.property(
      fc.constantFrom(...bases),
      changes,
      (base, all) => void (taken += +agrees(changed(base, all))),
    );
    fc.assert(property, { numRuns: 20_000 });
    expect(taken).toBeGreaterThan(1500);
  });

  test("in texts of all that YAML has", () => {
    let taken = 0;
    fc.assert(
      fc.property(tapes, (decisions) => void (taken += +agrees(textFrom(tapeOf(decisions))))),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  test("in values of every kind, in block and in flow", () => {
    let taken = 0;
    const property = fc.property(
      fc.constantFrom(...pieces, "x y", "a", "'q'"),
      fc.constantFrom(...pieces, "", "b"),
      (one, two) => {
        for (const text of [
          `a: ${one}${two}\n`,
          `- ${one}${two}\n`,
          `a: [${one}${two}]\n`,
          `{a: ${one}${two}}`,
          `a: {b: ${one}${two}} # c\n`,
        ]) {
          taken += +agrees(text);
        }
      },
    );
    fc.assert(property, { numRuns: 3000 });
    expect(taken).toBeGreaterThan(2000);
  });
});

describe("leaves to the library", () => {
  test.each([
    ["a key twice", "a: 1\na: 2\n"],
    ["a key twice in flow", "{a: 1, a: 2}\n"],
    ["a key twice in a list's map", "- a: 1\n  a: 2\n"],
    ["a key of objects' own", "__proto__: {x: 1}\n"],
    ["anchors", "a: &x 1\nb: *x\n"],
    ["tags", "a: !!str 1\n"],
    ["text over several lines", "a: one\n  two\n"],
    ["block text", "a: |\n  one\n"],
    ["several documents", "a: 1\n---\nb: 2\n"],
    ["a tab", "a:\t1\n"],
    ["a byte order mark", "\ufeffa: 1\n"],
    ["null in words", "a: null\n"],
    ["numbers written oddly", "a: 0o7\n"],
    ["more digits than a number has", "a: 12345678901234567890\n"],
    ["a scalar alone", "a\n"],
    ["nothing", "\n# x\n"],
    ["wrong indentation", "a:\n    b: 1\n  c: 2\n"],
    ["an open bracket", "a: [1, 2\n"],
    ["deep nesting", `a: ${"[".repeat(5000)}${"]".repeat(5000)}\n`],
    ["deep nesting in blocks", Array.from({ length: 500 }, (_, at) => `${" ".repeat(at)}a:\n`).join("")],
  ])("%s", (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });

  test("nothing for long: neither a long line nor many lines take more than a moment", () => {
    const million = 1_000_000;
    const before = process.threadCpuUsage();
    for (const text of ['"', "'", "x ", "x: ", "[", " ", "\\n", "- ", "{a: ", "#"].flatMap((piece) => {
      const long = piece.repeat(million / piece.length);
      return [`a: ${long}`, `a: "${long}`, `- [${long}`, long];
    })) {
      readPlainYaml(text);
    }
    // Of the processor's time: a pattern that tries every way through takes hours, and a busy machine is no pattern.
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});
