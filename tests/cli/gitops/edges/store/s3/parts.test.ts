import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { etagOf, partBytesOf, partsOf, plainEtag } from "../../../../../../cli/gitops/edges/store/s3/parts.ts";

const MiB = 1024 ** 2;
const md5 = (bytes: Uint8Array): Buffer => createHash("md5").update(bytes).digest();

async function* stream(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

test("a file is cut at the same places, whatever the pieces are in which it comes", async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 16 }), async (given, length) => {
      const whole = Buffer.concat(given);
      const parts = await Array.fromAsync(partsOf(stream(given), length));
      expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(whole);
      expect(parts.map(({ number }) => number)).toEqual(parts.map((_, at) => at + 1));
      expect(parts.slice(0, -1).every(({ bytes }) => bytes.length === length)).toBeTrue();
      for (const { bytes, md5: sum } of parts) expect(sum).toBe(md5(bytes).toString("hex"));
    }),
    { numRuns: 200 },
  );
});

test("however large a file is, its parts are within what S3 takes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), (size) => {
      const length = partBytesOf(size);
      expect(length).toBeGreaterThanOrEqual(5 * MiB);
      expect(length).toBeLessThanOrEqual(5 * 1024 * MiB);
      expect(Math.ceil(size / length)).toBeLessThanOrEqual(10_000);
    }),
  );
});

test("an ETag is the MD5 sum of one part, or of the sums of several with their number", () => {
  const [a, b] = [md5(Buffer.from("a")), md5(Buffer.from("b"))];
  expect(etagOf([a.toString("hex")], false)).toBe(a.toString("hex"));
  expect(
    etagOf(
      [a, b].map((sum) => sum.toString("hex")),
      true,
    ),
  ).toBe(`${md5(Buffer.concat([a, b])).toString("hex")}-2`);
  expect([plainEtag('"AB-2"'), plainEtag('W/"ab"'), plainEtag(null)]).toEqual(["ab-2", "ab", ""]);
});
