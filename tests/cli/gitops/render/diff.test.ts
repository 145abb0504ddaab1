import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FileWrite } from "../../../../cli/gitops/core/ports.ts";
import { unifiedDiff } from "../../../../cli/gitops/render/diff.ts";

setDefaultTimeout(30_000);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mmsp-diff-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The files after the real git has applied the diff to them; throws what git says. */
async function applied(files: ReadonlyMap<string, string>, diff: string): Promise<Map<string, string>> {
  const tree = await mkdtemp(join(folder, "tree-"));
  for (const [path, text] of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await Bun.write(join(tree, path), text);
  }
  const run = Bun.spawnSync(["git", "apply", "--whitespace=nowarn", "-"], {
    cwd: tree,
    stdin: Buffer.from(diff),
    env: { ...process.env, GIT_CEILING_DIRECTORIES: folder, GIT_CONFIG_GLOBAL: "/dev/null" },
  });
  if (run.exitCode !== 0) throw new Error(`${run.stderr.toString()}\n${diff}`);
  const result = new Map<string, string>();
  for await (const path of new Bun.Glob("**/*").scan({ cwd: tree, dot: true })) {
    result.set(path, await Bun.file(join(tree, path)).text());
  }
  return result;
}

function expected(files: ReadonlyMap<string, string>, writes: readonly FileWrite[]): Map<string, string> {
  const result = new Map(files);
  for (const { path, content } of writes) {
    if (content === null) result.delete(path);
    else if (typeof content === "string") result.set(path, content);
  }
  return result;
}

describe("git applies what is said of", () => {
  const cases: Readonly<Record<string, readonly [Record<string, string>, readonly FileWrite[]]>> = {
    "an edited file": [{ "a/b.yaml": "a: 1\nb: 2\nc: 3\n" }, [{ path: "a/b.yaml", content: "a: 1\nb: 5\nc: 3\n" }]],
    "a new file": [{}, [{ path: "a/b.yaml", content: "a: 1\n" }]],
    "a deleted file": [{ "a.yaml": "a: 1\nb: 2\n" }, [{ path: "a.yaml", content: null }]],
    "an empty new file": [{ x: "y\n" }, [{ path: "a.yaml", content: "" }]],
    "an empty deleted file": [{ "a.yaml": "", x: "y\n" }, [{ path: "a.yaml", content: null }]],
    "a file that is emptied": [{ "a.yaml": "a\n" }, [{ path: "a.yaml", content: "" }]],
    "a file that loses the newline at its end": [{ "a.yaml": "a\nb\n" }, [{ path: "a.yaml", content: "a\nb" }]],
    "a file that gains it": [{ "a.yaml": "a\nb" }, [{ path: "a.yaml", content: "a\nb\n" }]],
    "a file that never had it": [{ "a.yaml": "a\nb" }, [{ path: "a.yaml", content: "c\nb" }]],
    "CRLF line breaks": [{ "a.yaml": "a\r\nb\r\n" }, [{ path: "a.yaml", content: "a\r\nc\r\n" }]],
    "names with spaces, quotes and letters beyond ASCII": [
      { "a b.yaml": "a\n", 'é"\\.yaml': "b\n", "tab\there c": "c\n" },
      [
        { path: "a b.yaml", content: "x\n" },
        { path: 'é"\\.yaml', content: "x\n" },
        { path: "tab\there c", content: null },
        { path: "new one.yaml", content: "n\n" },
      ],
    ],
    "bytes between texts": [
      { "a.yaml": "a\n", "z.yaml": "z\n" },
      [
        { path: "a.yaml", content: "x\n" },
        { path: "model.onnx", content: new Uint8Array(1234) },
        { path: "z.yaml", content: null },
      ],
    ],
  };
  for (const [name, [files, writes]] of Object.entries(cases)) {
    test(name, async () => {
      const before = new Map(Object.entries(files));
      expect(await applied(before, unifiedDiff(before, writes))).toEqual(expected(before, writes));
    });
  }

  test("any two texts", async () => {
    const line = fc.constantFrom("a", "b", "c", "", "- d", "+ e", " ", "\\ f", "g\r");
    const text = fc
      .tuple(fc.array(line, { maxLength: 25 }), fc.boolean())
      .map(([lines, ends]) => lines.join("\n") + (ends ? "\n" : ""));
    await fc.assert(
      fc.asyncProperty(text, text, async (from, to) => {
        fc.pre(from !== to);
        const files = new Map([["f", from]]);
        const writes = [{ path: "f", content: to }];
        expect(await applied(files, unifiedDiff(files, writes))).toEqual(expected(files, writes));
      }),
      { numRuns: 100 },
    );
  });
});

test("a diff reads as git's", () => {
  const files = new Map([["e/d.yaml", "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n"]]);
  expect(unifiedDiff(files, [{ path: "e/d.yaml", content: "a: 1\nb: 2\nc: 3\nd: 4\ne: 6" }])).toBe(
    [
      "diff --git a/e/d.yaml b/e/d.yaml",
      "--- a/e/d.yaml",
      "+++ b/e/d.yaml",
      "@@ -2,4 +2,4 @@",
      " b: 2",
      " c: 3",
      " d: 4",
      "-e: 5",
      "+e: 6",
      "\\ No newline at end of file",
      "",
    ].join("\n"),
  );
});

test("bytes are named with their size", () => {
  expect(unifiedDiff(new Map(), [{ path: "m.onnx", content: new Uint8Array(7) }])).toBe(
    "Binary file m.onnx (7 bytes)\n",
  );
});

test("a file that stays as it is makes no diff", () => {
  expect(unifiedDiff(new Map([["a", "x"]]), [{ path: "a", content: "x" }])).toBe("");
});
