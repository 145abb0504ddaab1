import { expect, test } from "bun:test";
import { code, defused, prose } from "../../../../cli/gitops/render/safe-text.ts";

test("a code span has a longer fence than any in its text", () => {
  expect(code("plain")).toBe("`plain`");
  expect(code("a `b` ``c``")).toBe("``` a `b` ``c`` ```");
});

test("a code span stays on its line and in its cell", () => {
  expect(code("a\n\n| b", "cell")).toBe("`a \\| b`");
  expect(code("\u202Eabc\u0000")).toBe("`abc`");
});

test("an empty text is a span that shows nothing", () => {
  expect(code(" \n")).toBe("``` ```");
});

test("a sentence renders as it is written", () => {
  expect(prose("5 * 3_a <b> [x](y)")).toBe("5 \\* 3\\_a \\<b\\> \\[x\\]\\(y\\)");
  expect(prose("- item")).toBe("\\- item");
});

test("a sentence pings and links nothing", () => {
  expect(prose("ask @octocat about #7 at https://x.y or www.x.y")).toBe(
    "ask `@octocat` about `#7` at `https://x.y` or `www.x.y`",
  );
  expect(prose("pull request #9, (see https://x.y/9) or @a: #")).toBe(
    "pull request `#9`, \\(see `https://x.y/9`\\) or `@a`: `#`",
  );
});

test("a commit message pings, closes and links nothing", () => {
  expect(defused("@a fixes #1, GH-2 and https://x.y/issues/3")).toBe("@ a fixes # 1, GH- 2 and https:// x.y/issues/3");
});

test("a pull request that a sentence names on purpose is a link, and no other", () => {
  expect(prose("also open: pull request #1 (deploy-3), #12, @a", [1])).toBe(
    "also open: pull request #1 \\(deploy-3\\), `#12`, `@a`",
  );
});
