import { describe, expect, test } from "bun:test";
import { fetchInputs } from "../../../cli/loadgen/metadata.ts";
import { parseSticky } from "../../../cli/loadgen/sticky.ts";
import { synthesiseRows } from "../../../cli/loadgen/synthetic.ts";
import { DEFAULT_GATEWAY, parseGateway } from "../../../cli/loadgen/target.ts";
import { problemOf } from "./support.ts";

const input = (name: string, datatype: string, ...shape: number[]) => ({ name, datatype, shape });

/** A gateway that answers GET from a table. */
function serve(pages: Readonly<Record<string, unknown>>) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const page = pages[new URL(request.url).pathname];
      return page === undefined ? Response.json({ error: "unknown" }, { status: 404 }) : Response.json(page);
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}

describe("made-up rows", () => {
  test("fit the signature: names, number and kind of the values", () => {
    const wide = { model: "m", inputs: [input("features", "FP32", -1, 3)], featureNames: ["a", "b", "c"] };
    const rows = synthesiseRows(wide);
    const made = Array.from({ length: 1000 }, () => rows.next().features as Record<string, number>);
    expect(made.every((row) => Object.keys(row).join() === "a,b,c" && Object.values(row).every(Number.isFinite))).toBe(
      true,
    );
    const mean = made.reduce((sum, row) => sum + row["a"]!, 0) / made.length;
    expect(Math.abs(mean)).toBeLessThan(0.15);
    const mixed = [input("n", "INT64", -1, 1), input("t", "BYTES", -1), input("yes", "BOOL", -1, 1)];
    const { features } = synthesiseRows({ model: "m", inputs: mixed, featureNames: null }).next();
    expect(features).toEqual({ n: expect.any(Number), t: expect.stringMatching(/^[a-j]$/), yes: expect.any(Number) });
    const unnamed = synthesiseRows({ ...wide, featureNames: null }).next();
    expect(unnamed.features).toEqual([[expect.any(Number), expect.any(Number), expect.any(Number)]]);
  });

  test("are the same for the same seed", () => {
    const metadata = { model: "m", inputs: [input("x", "FP64", -1, 2)], featureNames: ["a", "b"] };
    expect(synthesiseRows(metadata, 3).next()).toEqual(synthesiseRows(metadata, 3).next());
    expect(synthesiseRows(metadata, 3).next()).not.toEqual(synthesiseRows(metadata, 4).next());
  });

  test("are refused where the signature does not say how wide they are", async () => {
    const cases = [
      { model: "m", inputs: [], featureNames: null },
      { model: "m", inputs: [input("x", "FP32", -1, -1)], featureNames: null },
      { model: "m", inputs: [input("x", "FP32", -1, 2), input("y", "FP32", -1, 1)], featureNames: null },
      { model: "m", inputs: [input("x", "FP32", -1, 2)], featureNames: ["a"] },
    ];
    for (const metadata of cases) {
      const problem = await problemOf(() => synthesiseRows(metadata));
      expect(problem).toMatchObject({ code: "rows-signature", text: expect.stringContaining("--data") });
    }
  });
});

describe("a model's metadata", () => {
  const inputs = [input("features", "FP32", -1, 2)];

  test("is read with its feature names, however they are written", async () => {
    const written: unknown[] = [["a", "b"], "a, b", '["a","b"]'];
    for (const value of written) {
      await using gateway = serve({ "/v2/models/m": { name: "m", inputs, parameters: { feature_order: value } } });
      expect(await fetchInputs(gateway.url, "m")).toEqual({ model: "m", inputs, featureNames: ["a", "b"] });
    }
    await using gateway = serve({
      "/status": { models: [{ model: "a b" }] },
      "/v2/models/a%20b": { inputs: [{ ...inputs[0]!, parameters: { feature_names: ["x", "y"] } }] },
    });
    expect(await fetchInputs(gateway.url, null)).toEqual({ model: "a b", inputs, featureNames: ["x", "y"] });
  });

  test("that cannot be had is told with what to do", async () => {
    await using gateway = serve({ "/status": { models: [{ model: "a" }, { model: "b" }] } });
    const several = await problemOf(() => fetchInputs(gateway.url, null));
    expect(several).toMatchObject({ code: "model-missing", text: expect.stringContaining("serves a, b") });
    expect(await problemOf(() => fetchInputs(gateway.url, "c"))).toMatchObject({ code: "model-unknown" });
    await using serving = serve({ "/status": { models: [{ model: "fraud" }, { model: "churn" }] } });
    expect(await problemOf(() => fetchInputs(serving.url, "fruad"))).toMatchObject({
      code: "model-unknown",
      text: expect.stringContaining('did you mean "fraud"?'),
    });
    await using other = serve({});
    expect(await problemOf(() => fetchInputs(other.url, "fruad"))).toMatchObject({ code: "model-unknown" });
    const gone = serve({});
    await gone[Symbol.asyncDispose]();
    const away = await problemOf(() => fetchInputs(gone.url, "c"));
    expect(away).toMatchObject({ code: "gateway-away", text: expect.stringContaining("mmsp up") });
  });
});

describe("options", () => {
  test("a gateway is an http(s) address without secrets", async () => {
    expect(parseGateway(DEFAULT_GATEWAY)).toBe("http://127.0.0.1:8080");
    expect(parseGateway("https://ml.example/gateway//")).toBe("https://ml.example/gateway");
    for (const text of ["", "localhost:8080", "ftp://x", "http://me:secret@x", "http://x?y=1", "http://x#y"]) {
      const problem = await problemOf(() => parseGateway(text));
      expect(problem.code).toBe("gateway-url");
      expect(problem.text).not.toContain("secret");
    }
  });

  test("a sticky header has one value, or counts through a range", async () => {
    const values = (text: string): string[] => [0, 1, 2, 3].map((k) => parseSticky(text).value(k));
    expect(parseSticky("X-User-Id = 7").header).toBe("x-user-id");
    expect(values("x-user-id=7")).toEqual(["7", "7", "7", "7"]);
    expect(values("x-user-id=u-{9..11}=")).toEqual(["u-9=", "u-10=", "u-11=", "u-9="]);
    for (const text of ["x", "=1", "x=", "a b=1", "content-length=1", "Host=x", "x=ä", "x=a\nb", "x={3..1}"]) {
      expect(await problemOf(() => parseSticky(text))).toMatchObject({ code: "sticky" });
    }
  });
});
