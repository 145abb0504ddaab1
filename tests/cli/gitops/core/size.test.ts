import { expect, test } from "bun:test";
import { size } from "../../../../cli/gitops/core/size.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [10 * 1024 ** 2, "10.0 MiB"],
  [3.5 * 1024 ** 3, "3.5 GiB"],
  [2 * 1024 ** 4, "2048.0 GiB"],
])("%d bytes are said as %s", (bytes, text) => expect(size(bytes)).toBe(text));
