import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { InferenceSession, Tensor } from "onnxruntime-node";

const repository = join(import.meta.dir, "..", "..");
const examples = join(repository, "examples");

type Metrics = Readonly<Record<string, number>>;

type Entry = {
  readonly version: number;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly metrics: Metrics;
  readonly failing: { readonly share: number; readonly rows: readonly number[] };
};

type Heldout = { readonly rows: readonly Float32Array[]; readonly targets: readonly number[] };

const index = (await Bun.file(join(examples, "models", "index.json")).json()) as Record<string, Entry[]>;
const all = Object.entries(index).flatMap(([model, entries]) => entries.map((entry) => ({ model, entry })));
const cases = all.map(({ model, entry }) => [entry.path, model, entry] as const);

const featureOrder = (model: string): Promise<string[]> =>
  Bun.file(join(examples, "data", model, "features.json")).json();

const readRows = async (model: string, file: string): Promise<Record<string, number>[]> =>
  parquetReadObjects({ file: await asyncBufferFromFile(join(examples, "data", model, file)) });

const inOrder = (names: readonly string[], row: Readonly<Record<string, number>>): Float32Array =>
  Float32Array.from(names, (name) => row[name] ?? Number.NaN);

async function readHeldout(model: string): Promise<Heldout> {
  const names = await featureOrder(model);
  const records = await readRows(model, "heldout.parquet");
  return { rows: records.map((row) => inOrder(names, row)), targets: records.map((row) => Number(row["target"])) };
}

const open = (entry: Entry): Promise<InferenceSession> =>
  InferenceSession.create(join(repository, entry.path), { intraOpNumThreads: 1, logSeverityLevel: 4 });

async function predict(session: InferenceSession, rows: readonly Float32Array[]): Promise<number[]> {
  const width = rows[0]!.length;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, at) => data.set(row, at * width));
  const { label } = await session.run({ features: new Tensor("float32", data, [rows.length, width]) });
  return Array.from(label!.data as BigInt64Array, Number);
}

async function failsOn(session: InferenceSession, rows: readonly Float32Array[]): Promise<boolean> {
  return predict(session, rows).then(
    () => false,
    () => true,
  );
}

/** The share of right labels over the held-out rows, those left out whose index is in `without`. */
async function accuracyOn(session: InferenceSession, data: Heldout, without: readonly number[]): Promise<number> {
  const kept = [...data.rows.keys()].filter((at) => !without.includes(at));
  const rows = kept.map((at) => data.rows[at]!);
  const labels = await predict(session, rows);
  return kept.filter((at, position) => labels[position] === data.targets[at]).length / kept.length;
}

const versionOf = (model: string, version: number): Entry =>
  index[model]!.find((candidate) => candidate.version === version)!;

const heldout = new Map<string, Heldout>();
beforeAll(async () => {
  for (const model of Object.keys(index)) heldout.set(model, await readHeldout(model));
});

describe.each(cases)("%s", (path, model, entry) => {
  test("is the file that the index names", async () => {
    const bytes = await Bun.file(join(repository, path)).bytes();
    expect(new Bun.CryptoHasher("sha256").update(bytes).digest("hex")).toBe(entry.sha256);
    expect(bytes.length).toBe(entry.sizeBytes);
  });

  test("has the metrics that the index gives", async () => {
    const metrics = (await Bun.file(join(repository, path, "..", "metrics.json")).json()) as Metrics;
    expect(metrics).toEqual(entry.metrics);
    expect(Object.keys(metrics)).toEqual(["accuracy", "roc_auc", "log_loss"]);
  });

  test("has the signature that all versions of its model share", async () => {
    const session = await open(entry);
    const width = (await featureOrder(model)).length;
    const classes = new Set(heldout.get(model)!.targets).size;
    expect(session.inputMetadata).toMatchObject([{ name: "features", type: "float32", shape: ["batch", width] }]);
    expect(session.outputMetadata).toMatchObject([
      { name: "label", type: "int64", shape: ["batch"] },
      { name: "probabilities", type: "float32", shape: ["batch", classes] },
    ]);
  });

  test("reaches its accuracy on the held-out rows that it answers", async () => {
    const accuracy = await accuracyOn(await open(entry), heldout.get(model)!, entry.failing.rows);
    expect(Math.abs(accuracy - entry.metrics["accuracy"]!)).toBeLessThan(1e-9);
  });
});

describe("the versions of breast-cancer", () => {
  const model = "breast-cancer";

  test("good: the second is better than the first, and neither fails on a row", async () => {
    const [first, second] = [versionOf(model, 1), versionOf(model, 2)];
    expect(second.metrics["accuracy"]!).toBeGreaterThan(first.metrics["accuracy"]!);
    expect(second.metrics["log_loss"]!).toBeLessThan(first.metrics["log_loss"]!);
    for (const entry of [first, second]) {
      expect(entry.failing).toEqual({ share: 0, rows: [] });
      const session = await open(entry);
      for (const row of heldout.get(model)!.rows) expect(await failsOn(session, [row])).toBe(false);
    }
  });

  test("failing: run one by one, it fails on the listed rows and on no other", async () => {
    const { rows } = heldout.get(model)!;
    const entry = versionOf(model, 3);
    const session = await open(entry);
    const failing: number[] = [];
    for (const [at, row] of rows.entries()) if (await failsOn(session, [row])) failing.push(at);
    expect(failing).toEqual([...entry.failing.rows]);
    expect(failing.length / rows.length).toBe(entry.failing.share);
    expect(entry.failing.share).toBeWithin(0.25, 0.45);
  });

  test("failing: one bad row takes its batch along, and the error is an operator's", async () => {
    const { rows } = heldout.get(model)!;
    const entry = versionOf(model, 3);
    const bad = rows[entry.failing.rows[0]!]!;
    const good = rows.find((_, at) => !entry.failing.rows.includes(at))!;
    const session = await open(entry);
    expect(await failsOn(session, [good, good])).toBe(false);
    const error = await predict(session, [good, bad]).then(() => "none", String);
    expect(error).toMatch(/Gather.*out of data bounds/);
  });

  test("failing: a trial on zeros, ones, or the baseline's medians or means does not show it", async () => {
    const names = await featureOrder(model);
    const baseline = (await readRows(model, "baseline.parquet")).map((row) => inOrder(names, row));
    const column = (at: number) => baseline.map((row) => row[at]!).sort((a, b) => a - b);
    const median = Float32Array.from(names, (_, at) => column(at)[Math.floor(baseline.length / 2)]!);
    const mean = Float32Array.from(names, (_, at) => column(at).reduce((sum, value) => sum + value) / baseline.length);
    const session = await open(versionOf(model, 3));
    for (const row of [new Float32Array(names.length), new Float32Array(names.length).fill(1), median, mean]) {
      expect(await failsOn(session, [row])).toBe(false);
    }
  });

  test("failing: where it answers, it is right as often as the second", async () => {
    const entry = versionOf(model, 3);
    const second = await accuracyOn(await open(versionOf(model, 2)), heldout.get(model)!, entry.failing.rows);
    expect(entry.metrics["accuracy"]!).toBeGreaterThanOrEqual(second - 1e-9);
  });

  test("slow: the answers of the second, more than a hundred times as slowly", async () => {
    const rows = heldout.get(model)!.rows.slice(0, 2);
    const [fast, slow] = [await open(versionOf(model, 2)), await open(versionOf(model, 4))];
    expect(await predict(slow, rows)).toEqual(await predict(fast, rows));
    const timed = async (session: InferenceSession) => {
      const start = performance.now();
      await predict(session, [rows[0]!]);
      return performance.now() - start;
    };
    // The best of many, so that a pause of this process is not taken for the fast model's time.
    let quickest = Infinity;
    for (let run = 0; run < 20; run++) quickest = Math.min(quickest, await timed(fast));
    expect(await timed(slow)).toBeGreaterThan(100 * quickest);
  });

  test("worse: clearly less accurate than the first", () => {
    expect(versionOf(model, 5).metrics["accuracy"]!).toBeLessThan(versionOf(model, 1).metrics["accuracy"]! - 0.1);
  });
});

describe.each(Object.keys(index))("the data of %s", (model) => {
  test("have the features in the models' order, the target last in the held-out rows and absent from the baseline", async () => {
    const names = await featureOrder(model);
    const [row] = await readRows(model, "heldout.parquet");
    const [sample] = await readRows(model, "baseline.parquet");
    expect(Object.keys(row!)).toEqual([...names, "target"]);
    expect(Object.keys(sample!)).toEqual(names);
  });

  test("the example requests are held-out rows", async () => {
    const names = await featureOrder(model);
    const [first, second] = heldout.get(model)!.rows;
    const predictBody = await Bun.file(join(examples, "requests", `${model}-predict.json`)).json();
    const inferBody = await Bun.file(join(examples, "requests", `${model}-infer.json`)).json();
    expect(predictBody.model).toBe(model);
    expect(Object.keys(predictBody.features)).toEqual(names);
    expect(inOrder(names, predictBody.features)).toEqual(first!);
    expect(inferBody.inputs[0]).toMatchObject({ name: "features", datatype: "FP32", shape: [2, names.length] });
    expect(Float32Array.from(inferBody.inputs[0].data)).toEqual(Float32Array.from([...first!, ...second!]));
  });
});
