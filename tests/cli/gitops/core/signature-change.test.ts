import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { signatureChange, type Contract } from "../../../../cli/gitops/core/signature-change.ts";
import type { TensorSpec } from "../../../../schemas/model-version.ts";

const input: TensorSpec = { name: "input", datatype: "FP32", shape: [-1, 3] };
const label: TensorSpec = { name: "label", datatype: "INT64", shape: [-1] };

function contract(
  given: { inputs?: TensorSpec[]; outputs?: TensorSpec[]; features?: readonly string[] } = {},
): Contract {
  const { inputs = [input], outputs = [label], features } = given;
  return { signature: { inputs, outputs }, ...(features === undefined ? {} : { featureOrder: [...features] }) };
}

describe("what clients break on", () => {
  const plain = contract();
  const cases: readonly (readonly [string, Contract, Contract, readonly string[]])[] = [
    [
      "an input that is gone",
      contract({ inputs: [input, { ...input, name: "mask", datatype: "BOOL" }] }),
      plain,
      ['input "mask" (BOOL [-1, 3]) is gone'],
    ],
    [
      "an input with another name",
      plain,
      contract({ inputs: [{ ...input, name: "x" }] }),
      ['input "input" is called "x" now'],
    ],
    [
      "a new input",
      plain,
      contract({ inputs: [input, { ...input, name: "country", datatype: "BYTES" }] }),
      ['input "country" (BYTES [-1, 3]) is new, and requests do not have it'],
    ],
    [
      "another datatype",
      plain,
      contract({ inputs: [{ ...input, datatype: "FP64" }] }),
      ['input "input" is FP64 instead of FP32'],
    ],
    [
      "another number of dimensions",
      plain,
      contract({ inputs: [{ ...input, shape: [-1, 3, 1] }] }),
      ['input "input" has the shape [-1, 3, 1] instead of [-1, 3]'],
    ],
    [
      "another fixed dimension",
      plain,
      contract({ inputs: [{ ...input, shape: [-1, 4] }] }),
      ['input "input" has the shape [-1, 4] instead of [-1, 3]'],
    ],
    [
      "a dimension that was open and is fixed",
      plain,
      contract({ inputs: [{ ...input, shape: [1, 3] }] }),
      ['input "input" has the shape [1, 3] instead of [-1, 3]'],
    ],
    [
      "features in another order",
      contract({ features: ["age", "amount", "country"] }),
      contract({ features: ["age", "country", "amount"] }),
      [
        'column 2 of a row is "country" where it was "amount": rows sent as lists are taken without an error and mean something else',
      ],
    ],
    [
      "a feature that is gone and one that is new",
      contract({ features: ["age", "amount"] }),
      contract({ features: ["age", "country"] }),
      [
        'feature "amount" is gone',
        'feature "country" is new, and rows do not have it',
        'column 2 of a row is "country" where it was "amount": rows sent as lists are taken without an error and mean something else',
      ],
    ],
    [
      "one feature more",
      contract({ features: ["age"] }),
      contract({ features: ["age", "amount"] }),
      ['feature "amount" is new, and rows do not have it'],
    ],
    [
      "features without names",
      contract({ features: ["age"] }),
      plain,
      ["rows by the names of features are not understood any more"],
    ],
    [
      "features that are another input's",
      contract({ inputs: [input, { ...input, name: "b" }], features: ["age"] }),
      contract({ inputs: [{ ...input, name: "b" }, input], features: ["age"] }),
      ['the features are the columns of input "b" instead of "input"'],
    ],
    [
      "an output that is gone",
      contract({ outputs: [label, { name: "probabilities", datatype: "FP32", shape: [-1, 2] }] }),
      plain,
      ['output "probabilities" (FP32 [-1, 2]) is gone'],
    ],
    [
      "an output of another datatype and shape",
      plain,
      contract({ outputs: [{ name: "label", datatype: "BYTES", shape: [-1, 1] }] }),
      ['output "label" is BYTES instead of INT64', 'output "label" has the shape [-1, 1] instead of [-1]'],
    ],
    [
      "an output of another size",
      contract({ outputs: [{ name: "p", datatype: "FP32", shape: [-1, 2] }] }),
      contract({ outputs: [{ name: "p", datatype: "FP32", shape: [-1, 3] }] }),
      ['output "p" has the shape [-1, 3] instead of [-1, 2]'],
    ],
  ];

  test.each(cases)("%s", (_, from, to, breaks) => {
    expect(signatureChange(from, to).breaks).toEqual(breaks);
  });
});

describe("what breaks nobody is told apart", () => {
  test.each([
    [
      "an input that takes more",
      contract({ inputs: [{ ...input, shape: [1, 3] }] }),
      contract(),
      ['input "input" has the shape [-1, 3] after [1, 3]'],
    ],
    [
      "another output",
      contract(),
      contract({ outputs: [label, { ...label, name: "score", datatype: "FP32" }] }),
      ['output "score" (FP32 [-1]) is new'],
    ],
    ["names for the features", contract(), contract({ features: ["age"] }), ["rows may name their features"]],
    [
      "an output whose size the file leaves open",
      contract({ outputs: [{ ...label, shape: [1] }] }),
      contract(),
      ['output "label" has the shape [-1] after [1]'],
    ],
    [
      "tensors in another order",
      contract({ outputs: [label, { ...label, name: "b" }] }),
      contract({ outputs: [{ ...label, name: "b" }, label] }),
      [],
    ],
  ])("%s", (_, from, to, widens) => {
    expect(signatureChange(from, to)).toEqual({ breaks: [], widens });
  });
});

const anyTensor = (name: string): fc.Arbitrary<TensorSpec> =>
  fc.record({
    name: fc.constant(name),
    datatype: fc.constantFrom("FP32", "INT64"),
    shape: fc.array(fc.constantFrom(-1, 1, 3), { minLength: 1, maxLength: 2 }),
  });
const someOf = (...names: readonly string[]): fc.Arbitrary<TensorSpec[]> =>
  fc
    .shuffledSubarray([...names], { minLength: 1 })
    .chain((chosen) => fc.tuple(...chosen.map(anyTensor)))
    .map((tensors) => tensors);
const anyContract: fc.Arbitrary<Contract> = fc
  .record({
    inputs: someOf("a", "b"),
    outputs: someOf("y", "z"),
    features: fc.option(fc.shuffledSubarray(["p", "q", "r"], { minLength: 1 }), { nil: undefined }),
  })
  .map(({ features, ...rest }) => contract({ ...rest, ...(features ? { features } : {}) }));

describe("of any signature", () => {
  test("it does not break on itself, nor differ from itself", () => {
    fc.assert(fc.property(anyContract, (one) => expect(signatureChange(one, one)).toEqual({ breaks: [], widens: [] })));
  });

  test("one that takes more and answers more breaks nobody", () => {
    const wider = (tensors: readonly TensorSpec[], open: readonly boolean[]) =>
      tensors.map((tensor) => ({
        ...tensor,
        shape: tensor.shape.map((size, at) => (open[at % open.length] ? -1 : size)),
      }));
    fc.assert(
      fc.property(anyContract, fc.array(fc.boolean(), { minLength: 1 }), anyTensor("more"), (one, open, more) => {
        const { inputs, outputs } = one.signature;
        const signature = { inputs: wider(inputs, open), outputs: [...outputs, more] };
        const wide = { signature, featureOrder: one.featureOrder ?? ["p"] };
        expect(signatureChange(one, wide).breaks).toEqual([]);
      }),
    );
  });

  test("where neither of two steps breaks anybody, both together do not", () => {
    // But for sizes of outputs: a file may stop saying how long one is, and say another length later.
    const row = { ...label, name: "more" };
    const near: fc.Arbitrary<Contract> = fc
      .record({
        inputs: fc.tuple(fc.record({ shape: fc.tuple(fc.constantFrom(-1, 1), fc.constantFrom(-1, 3)) })),
        more: fc.boolean(),
        features: fc.constantFrom(undefined, ["p"], ["p", "q"]),
      })
      .map(({ inputs: [{ shape }], more, features }) =>
        contract({
          inputs: [{ ...input, shape }],
          outputs: more ? [label, row] : [label],
          ...(features ? { features } : {}),
        }),
      );
    const sound = (from: Contract, to: Contract): boolean => signatureChange(from, to).breaks.length === 0;
    let seen = 0;
    fc.assert(
      fc.property(near, near, near, (one, two, three) => {
        if (!sound(one, two) || !sound(two, three)) return;
        seen += 1;
        expect(signatureChange(one, three).breaks).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(seen).toBeGreaterThan(50);
  });
});
