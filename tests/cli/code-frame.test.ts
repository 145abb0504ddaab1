import { describe, expect, test } from "bun:test";
import { codeFrame } from "../../cli/code-frame.ts";
import { createStyle } from "../../cli/style.ts";

const plain = createStyle(false, {});
const text = "kind: Environment\nspec:\n  steps: [5, 10\n  backend: x\n";

describe("a code frame", () => {
  test("shows the line, the line before it, and a caret under the column", () => {
    expect(codeFrame(text, 3, 10, plain)).toBe("    2 | spec:\n    3 |   steps: [5, 10\n      |          ^\n");
    expect(codeFrame(text, 1, 1, plain)).toBe("    1 | kind: Environment\n      | ^\n");
  });

  test("is empty where there is no such line", () => {
    expect(codeFrame(text, 9, 1, plain)).toBe("");
  });

  test("points behind the end of a line, and below wide characters", () => {
    expect(codeFrame("a: 1", 1, 5, plain)).toBe("    1 | a: 1\n      |     ^\n");
    expect(codeFrame("名: 値 x", 1, 6, plain)).toBe("    1 | 名: 値 x\n      |        ^\n");
    expect(codeFrame("\uFEFFa: 1", 1, 2, plain)).toBe("    1 | a: 1\n      | ^\n");
  });

  test("lets no character of a file draw on the terminal; a tab is one column", () => {
    expect(codeFrame("\ta:\u001b[31m\u0007\u202ex", 1, 2, plain)).toBe("    1 |  a: [31m  x\n      |  ^\n");
  });

  test("of a long line shows what is around the column", () => {
    const long = `a: ${"x".repeat(500)}!${"y".repeat(500)}`;
    const [line = "", caret = ""] = codeFrame(long, 1, 504, plain).split("\n");
    expect(line.length).toBeLessThan(115);
    expect(line[caret.indexOf("^")]).toBe("!");
  });

  test("has colours as everything else has", () => {
    expect(codeFrame(text, 3, 10, createStyle(true, {}))).toContain("\u001b[31m^\u001b[39m");
  });
});
