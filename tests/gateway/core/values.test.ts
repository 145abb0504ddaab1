import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { codecOf } from "../../../gateway/core/values.ts";

const bf16 = codecOf("BF16");

function bitsOf(value: unknown): number | null {
  const data = bf16.allocate(1);
  return bf16.put(data, 0, value) ? Number(data[0]) : null;
}

test.each([
  [1, 0x3f80],
  [-2, 0xc000],
  [0, 0],
  // Halfway between two: to the even one.
  [1.00390625, 0x3f80],
  [1.01171875, 0x3f82],
  [3.3895313892515355e38, 0x7f7f],
])("%d is the bfloat16 %i", (value, bits) => {
  expect(bitsOf(value)).toBe(bits);
});

test.each([3.4e38, 1e39, Infinity, NaN, "1", null])("%j is no finite bfloat16", (value) => {
  expect(bitsOf(value)).toBeNull();
});

test("every finite bfloat16 comes back bit for bit, and none other is told", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), (bits) => {
      const value = bf16.get(Uint16Array.of(bits), 0);
      if ((bits & 0x7f80) === 0x7f80) expect(value).toBeUndefined();
      else expect(bitsOf(value)).toBe(bits);
    }),
  );
});
