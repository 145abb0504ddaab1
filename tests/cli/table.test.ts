import { expect, test } from "bun:test";
import { createStyle } from "../../cli/style.ts";
import { renderFacts, renderTable } from "../../cli/table.ts";

const plain = createStyle(false, {});
const coloured = createStyle(true, {});

test("columns stand in line, numbers at the right, and no line ends in blanks", () => {
  const columns = ["MODEL", { title: "SIZE", align: "right" }, "WHERE"] as const;
  expect(
    renderTable(
      columns,
      [
        ["fraud", "9 B", "dev"],
        ["churn-in-europe", "12 KiB"],
      ],
      plain,
    ),
  ).toBe("MODEL              SIZE  WHERE\nfraud               9 B  dev\nchurn-in-europe  12 KiB\n");
});

test("what a terminal shows counts: colours take no room, wide letters take two places", () => {
  const table = renderTable(
    ["A", "B"],
    [
      [coloured.red("x"), "1"],
      ["日本", "2"],
    ],
    plain,
  );
  expect(table.split("\n").map((line) => Bun.stripANSI(line))).toEqual(["A     B", "x     1", "日本  2", ""]);
});

test("facts stand below one another", () => {
  expect(
    renderFacts(
      [
        ["Size", "9 B"],
        ["Digest", "abc"],
      ],
      plain,
    ),
  ).toBe("Size    9 B\nDigest  abc\n");
});
