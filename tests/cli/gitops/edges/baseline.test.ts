import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { parquetWriteBuffer, type ColumnSource } from "hyparquet-writer";
import { readBaseline } from "../../../../cli/gitops/edges/baseline.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { problemOf, problemsOf } from "../../../support/problems.ts";

function parquet(columnData: ColumnSource[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

const sample = parquet([
  { name: "age", data: [31, 45, 28], type: "INT32" },
  { name: "amount", data: [1.5, 20.25, 3], type: "DOUBLE" },
  { name: "country", data: ["de", "fr", "pl"], type: "STRING" },
]);

const refusal = async (content: Uint8Array | string, features: readonly string[] | null = null) => {
  using folder = temporaryFolder({ "baseline.parquet": content });
  return await problemOf(() => readBaseline(`${folder.path}/baseline.parquet`, features));
};

test("a Parquet file is described by its rows, size and digest", async () => {
  using folder = temporaryFolder({ "held out.parquet": sample });
  const { bytes, ...baseline } = await readBaseline(`${folder.path}/held out.parquet`, ["amount", "age"]);
  expect(bytes).toEqual(Buffer.from(sample));
  expect(baseline).toEqual({
    file: "held-out.parquet",
    sha256: createHash("sha256").update(sample).digest("hex"),
    sizeBytes: sample.length,
    rows: 3,
  });
});

test("its columns are not looked at where the model names no features", async () => {
  using folder = temporaryFolder({ "baseline.parquet": sample });
  expect((await readBaseline(`${folder.path}/baseline.parquet`, null)).rows).toBe(3);
});

test("every feature must be a column, and all that are missing are told", async () => {
  using folder = temporaryFolder({ "baseline.parquet": sample });
  const problems = await problemsOf(() => readBaseline(`${folder.path}/baseline.parquet`, ["age", "Amount", "city"]));
  expect(problems.map((problem) => problem.message)).toEqual(['has no column "Amount"', 'has no column "city"']);
  expect(problems[0]?.hint).toContain("age, amount, country");
});

test("a column of nested values is no feature", async () => {
  const nested = new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "tags", data: [["a", "b"], ["c"]] }],
      schema: [
        { name: "root", num_children: 1 },
        { name: "tags", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ],
    }),
  );
  expect((await refusal(nested, ["tags"])).message).toBe('the column "tags" holds nested values');
});

test("a file without rows is refused", async () => {
  const problem = await refusal(parquet([{ name: "age", data: [], type: "INT32" }]), ["age"]);
  expect(problem).toMatchObject({ code: "baseline-empty" });
});

test("a compression that cannot be opened later is refused now", async () => {
  const gzip = parquetWriteBuffer({
    columnData: [{ name: "age", data: [31, 45], type: "INT32" }],
    codec: "GZIP",
    compressors: { GZIP: (input) => Bun.gzipSync(Uint8Array.from(input)) },
  });
  const problem = await refusal(new Uint8Array(gzip), ["age"]);
  expect(problem).toMatchObject({ code: "baseline-codec", hint: expect.stringContaining("snappy") });
  expect(problem.message).toContain("GZIP");
});

test("what is no Parquet, or not whole, is refused with a hint", async () => {
  const csv = await refusal("age,amount\n31,1.5\n");
  expect(csv.code).toBe("baseline-not-parquet");
  const cut = await refusal(sample.subarray(0, sample.length - 20));
  expect(cut.code).toBe("baseline-damaged");
  const scrambled = sample.slice();
  scrambled.fill(0xff, 4, 60);
  const damaged = await refusal(scrambled);
  expect(damaged.code).toBe("baseline-damaged");
  expect(
    [csv, cut, damaged].every((problem) => problem.hint !== undefined && !problem.message.includes("\n")),
  ).toBeTrue();
  const empty = await refusal("");
  expect(empty.code).toBe("file-empty");
  const missing = await problemOf(() => readBaseline("nowhere.parquet", null));
  expect(missing.code).toBe("file-missing");
});
