import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { datatypes, type Signature } from "../../schemas/model-version.ts";
import { fills, firstAnswer, probeInputs } from "../../schemas/probe.ts";
import { codecOf } from "../../gateway/core/values.ts";
import type { Tensor } from "../../schemas/tensor.ts";

const outputs: Signature["outputs"] = [{ name: "out", datatype: "FP32", shape: [-1] }];
const signatures = fc.record({
  inputs: fc.array(
    fc.record({
      name: fc.string({ minLength: 1, maxLength: 5 }),
      datatype: fc.constantFrom(...datatypes),
      shape: fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  outputs: fc.constant(outputs),
});
const probes = fc.record({ fill: fc.constantFrom(...fills), free: fc.integer({ min: 1, max: 5 }) });

const matrix = (shape: number[]): Signature => ({ inputs: [{ name: "in", datatype: "FP32", shape }], outputs });

describe("a made-up row", () => {
  test("has the shape that the signature asks for, and values that a caller could have sent", () => {
    fc.assert(
      fc.property(signatures, probes, (signature, probe) => {
        const tensors = probeInputs({ signature }, probe);
        expect(tensors.map(({ name, datatype }) => [name, datatype])).toEqual(
          signature.inputs.map(({ name, datatype }) => [name, datatype]),
        );
        tensors.forEach(({ datatype, shape, data }, at) => {
          const asked = signature.inputs[at]!.shape;
          expect(shape).toEqual(asked.map((size, axis) => (size !== -1 ? size : axis === 0 ? 1 : probe.free)));
          expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
          const codec = codecOf(datatype);
          const back = codec.allocate(data.length);
          for (let element = 0; element < data.length; element++) {
            expect(codec.put(back, element, codec.get(data, element))).toBe(true);
          }
          expect(back).toEqual(data);
        });
      }),
    );
  });

  test("is the same each time", () => {
    fc.assert(
      fc.property(signatures, probes, (signature, probe) => {
        expect(probeInputs({ signature }, probe)).toEqual(probeInputs({ signature }, probe));
      }),
    );
  });

  test("has as many columns as the feature order, of the first input only", () => {
    const signature = { inputs: [...matrix([-1, -1]).inputs, ...matrix([-1, -1]).inputs], outputs };
    const rows = probeInputs({ signature, featureOrder: ["a", "b", "c"] }, { fill: "ones", free: 7 });
    expect(rows.map(({ shape }) => shape)).toEqual([
      [1, 3],
      [1, 7],
    ]);
  });

  test("is not made where memory would not hold it", () => {
    const giant = { signature: matrix([-1, 1_000_000, 1_000_000]) };
    expect(() => probeInputs(giant, { fill: "zeros", free: 1 })).toThrow("more than the 16777216 that are tried");
  });
});

describe("a model is asked", () => {
  async function asked(shape: number[], featureOrder: string[] | null = null): Promise<string[]> {
    const seen: string[] = [];
    const refuse = ([input]: readonly Tensor[]): Promise<never> => {
      seen.push(
        `${input!.shape.join("x")} ${input!.data[0] === 0 ? "zeros" : input!.data[0] === 1 ? "ones" : "mixed"}`,
      );
      return Promise.reject(new Error(`no ${seen.length}`));
    };
    const error: unknown = await firstAnswer({ signature: matrix(shape), featureOrder }, refuse).catch(
      (e: unknown) => e,
    );
    expect(String(error)).toBe("Error: no 1");
    return seen;
  }

  test("with zeros, ones and mixed numbers, and again with another length where one is free", async () => {
    const sizes = (length: number) => ["zeros", "ones", "mixed"].map((fill) => `1x${length} ${fill}`);
    expect(await asked([-1, 3])).toEqual(sizes(3));
    expect(await asked([-1, -1])).toEqual([...sizes(1), ...sizes(64)]);
    expect(await asked([-1, -1], ["a", "b"])).toEqual(sizes(2));
  });

  test("until it answers", async () => {
    const needsOnes = ([input]: readonly Tensor[]): Promise<string> =>
      input!.data[0] === 1 ? Promise.resolve("answer") : Promise.reject(new Error("no"));
    expect(await firstAnswer({ signature: matrix([-1, 3]) }, needsOnes)).toEqual({
      probe: { fill: "ones", free: 1 },
      answer: "answer",
    });
  });
});
