import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import * as fc from "fast-check";
import { createPool } from "../../../cli/loadgen/pool.ts";
import type { RowSource } from "../../../cli/loadgen/row.ts";
import { openRows } from "../../../cli/loadgen/rows.ts";
import { settled } from "../../support/manual-clock.ts";
import { problemOf } from "./support.ts";

const heldout = join(import.meta.dir, "../../../examples/data/breast-cancer/heldout.parquet");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mmsp-rows-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: string | Uint8Array | ArrayBuffer): Promise<string> {
  const path = join(folder, name);
  await Bun.write(path, content);
  return path;
}

const take = (rows: RowSource, count: number): unknown[] => Array.from({ length: count }, () => rows.next().features);

describe("a Parquet file", () => {
  test("gives the 228 held-out rows in order, without the label, and begins again", async () => {
    await using rows = await openRows(heldout);
    expect(rows.received()).toBe(228);
    const all = Array.from({ length: 228 }, () => rows.next());
    expect(Object.keys(all[0]!.features).length).toBe(30);
    expect(all[0]).toMatchObject({ label: 0, features: { mean_radius: 11.84, worst_fractal_dimension: 0.1402 } });
    expect(all[0]!.features).not.toHaveProperty("target");
    expect(new Set(all.map(({ label }) => label))).toEqual(new Set([0, 1]));
    expect(rows.next()).toEqual(all[0]!);
  });

  test("may name another label; the column target is then a feature", async () => {
    const rows = await openRows(heldout, { label: "mean_radius" });
    expect(rows.next()).toMatchObject({ label: 11.84, features: { target: 0 } });
  });

  test("carries big integers, booleans and texts in a form that JSON has", async () => {
    const columnData = [
      { name: "big", data: [5n], type: "INT64" as const },
      { name: "yes", data: [true], type: "BOOLEAN" as const },
      { name: "text", data: ["a"], type: "STRING" as const },
    ];
    const rows = await openRows(await write("kinds.parquet", parquetWriteBuffer({ columnData })));
    expect(rows.next()).toEqual({ features: { big: 5, yes: 1, text: "a" }, label: null });
  });

  test("that is wrong is told by name, with what to do", async () => {
    const bytes = await Bun.file(heldout).bytes();
    const gap = [{ name: "x", data: [1, null, 3], type: "DOUBLE" as const, nullable: true }];
    const none = [{ name: "x", data: [], type: "DOUBLE" as const }];
    const cases: [string, string, Uint8Array | ArrayBuffer | string, RegExp][] = [
      ["cut.parquet", "rows-broken", bytes.slice(0, 4000), /cut\.parquet: cannot be read as Parquet/],
      ["text.parquet", "rows-broken", "not parquet at all", /hint: is it a whole Parquet file/],
      ["zero.parquet", "rows-empty", "", /is empty/],
      ["lfs.parquet", "rows-broken", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", /git lfs pull/],
      ["none.parquet", "rows-empty", parquetWriteBuffer({ columnData: none }), /holds no rows/],
      ["gap.parquet", "row-value", parquetWriteBuffer({ columnData: gap }), /row 2: column "x" holds no value/],
    ];
    for (const [name, code, content, text] of cases) {
      const problem = await problemOf(async () => openRows(await write(name, content)));
      expect(problem.code).toBe(code);
      expect(problem.text).toMatch(text);
    }
    const label = await problemOf(() => openRows(heldout, { label: "diagnosis" }));
    expect(label).toMatchObject({ code: "label-unknown", text: expect.stringContaining("columns: mean_radius") });
  });
});

describe("JSON files", () => {
  test("an array of objects, or an object a line with empty lines between", async () => {
    const array = await openRows(await write("a.json", '[{"x": 1, "target": "yes"}, {"x": 2}]'));
    expect([array.next(), array.next()]).toEqual([
      { features: { x: 1 }, label: "yes" },
      { features: { x: 2 }, label: null },
    ]);
    const lines = await openRows(await write("a.jsonl", '\ufeff{"x": 1}\r\n\n{"x": 2}\n'));
    expect(take(lines, 3)).toEqual([{ x: 1 }, { x: 2 }, { x: 1 }]);
  });

  test("what is wrong is told with its place", async () => {
    const cases: [string, string, string, RegExp][] = [
      ["b.json", "rows-broken", "[{]", /b\.json: is no JSON/],
      ["c.json", "rows-broken", '{"x": 1}', /holds no array/],
      ["d.json", "rows-empty", "[]", /holds no rows/],
      ["e.json", "row-shape", '[{"x": 1}, [2]]', /row 2: a row must be an object/],
      ["f.json", "row-shape", '[{"target": 1}]', /row 1: a row without features/],
      ["g.jsonl", "rows-broken", '{"x": 1}\n{"x"', /g\.jsonl:2: no JSON/],
      ["h.jsonl", "row-value", '{"x": {"y": 1}}', /h\.jsonl:1: column "x" holds a nested value/],
      ["i.jsonl", "rows-empty", "\n\n", /holds no rows/],
      ["j.csv", "rows-format", "x\n1", /use \.parquet, \.json/],
    ];
    for (const [name, code, content, text] of cases) {
      const problem = await problemOf(async () => openRows(await write(name, content)));
      expect(problem.code).toBe(code);
      expect(problem.text).toMatch(text);
    }
    const missing = await problemOf(() => openRows(join(folder, "nowhere.json")));
    expect(missing).toMatchObject({ code: "rows-missing", text: expect.stringContaining("there is no such file") });
    const here = await problemOf(async () => openRows(await write("k.json", '[{"x": 1}]'), { label: "y" }));
    expect(here).toMatchObject({ code: "label-unknown", text: expect.stringContaining("columns: x") });
  });
});

describe("standard input", () => {
  /** A stream that the test writes to; `flushed` resolves when everything written was read. */
  function feed() {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const send = (text: string | Uint8Array): Promise<void> =>
      writer.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
    return { input: readable, send, end: () => writer.close(), writer };
  }
  const arrived = async (rows: RowSource, count: number): Promise<void> => {
    while (rows.received() < count) await Bun.sleep(1);
  };

  test("rows are sent from the first one on; new ones first, then all again in order", async () => {
    const { input, send, end } = feed();
    void send('{"x": 1}\n{"x": 2}\n');
    await using rows = await openRows("-", { input });
    await arrived(rows, 2);
    expect(take(rows, 3)).toEqual([{ x: 1 }, { x: 2 }, { x: 1 }]);
    void send('{"x": 3}\n\n{"x": 4, "target": 1}\n');
    await arrived(rows, 4);
    expect(take(rows, 7)).toEqual([3, 4, 2, 3, 4, 1, 2].map((x) => ({ x })));
    await end();
    expect(take(rows, 2)).toEqual([{ x: 3 }, { x: 4 }]);
  });

  test("lines may be cut anywhere, within a character too, and the last needs no line end", async () => {
    const bytes = new TextEncoder().encode('{"x": "größe"}\n{"x": "✓"}');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 6 }),
        async (cuts) => {
          const { input, send, end } = feed();
          const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
          for (const [at, edge] of edges.slice(1).entries()) void send(bytes.slice(edges[at], edge));
          void end();
          await using rows = await openRows("-", { input });
          await arrived(rows, 2);
          expect(take(rows, 2)).toEqual([{ x: "größe" }, { x: "✓" }]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("a broken line is told with its number: at once when it is the first, else with the next row", async () => {
    const first = feed();
    void first.send("x,y\n");
    const early = await problemOf(() => openRows("-", { input: first.input }));
    expect(early).toMatchObject({ code: "rows-broken", text: expect.stringContaining("standard input:1: no JSON") });
    const later = feed();
    void later.send('{"x": 1}\n');
    await using rows = await openRows("-", { input: later.input });
    // Reading stops at a broken line, so the writer is told that its pipe is closed.
    const closed = later.writer.closed.catch(() => undefined);
    void later.send("{\n").catch(() => undefined);
    await closed;
    expect(await problemOf(() => rows.next())).toMatchObject({ text: expect.stringContaining("standard input:2") });
  });

  test("no row at all is an error; an abort ends the wait for the first one", async () => {
    const empty = feed();
    void empty.end();
    expect(await problemOf(() => openRows("-", { input: empty.input }))).toMatchObject({ code: "rows-empty" });
    const control = new AbortController();
    const waiting = openRows("-", { input: feed().input, signal: control.signal });
    control.abort(new Error("Ctrl-C"));
    expect(await waiting.catch(String)).toBe("Error: Ctrl-C");
  });

  test("a writer that is far ahead of the requests has to wait", async () => {
    let made = 0;
    const line = new TextEncoder().encode('{"x": 1}\n'.repeat(1000));
    // It ends, so that a reader which knows no measure is seen with too many rows.
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      if (++made < 50) controller.enqueue(line);
      else controller.close();
    };
    await using rows = await openRows("-", { input: new ReadableStream<Uint8Array>({ pull }) });
    await arrived(rows, 10_000);
    await settled();
    expect(rows.received()).toBe(10_000);
    expect(made).toBeLessThan(20);
    take(rows, 5000);
    await arrived(rows, 12_000);
    expect(rows.received()).toBeLessThanOrEqual(15_000);
  });
});

test("a pool sends every row once, in order, before any row again, and when full loses the oldest", () => {
  const steps = fc.array(fc.oneof(fc.constant("add"), fc.constant("next")), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (steps) => {
      const pool = createPool(1000);
      const sent: number[] = [];
      for (const step of steps) {
        if (step === "add") {
          pool.add({ features: { at: sent.length }, label: null });
          sent.push(0);
          continue;
        }
        const row = pool.next();
        if (row === undefined) {
          expect(sent).toEqual([]);
          continue;
        }
        const at = (row.features as { at: number }).at;
        if (sent.includes(0)) expect(at).toBe(sent.indexOf(0));
        sent[at]!++;
      }
      expect(pool.waiting()).toBe(sent.filter((count) => count === 0).length);
    }),
  );
  const small = createPool(3);
  for (const at of [1, 2, 3, 4, 5]) {
    small.add({ features: { at }, label: null });
    small.next();
  }
  const kept = Array.from({ length: 4 }, () => (small.next()!.features as { at: number }).at);
  expect(kept).toEqual([3, 4, 5, 3]);
});
