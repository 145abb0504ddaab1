import { expect, test } from "bun:test";
import { foldHelp, foldLines, foldTable } from "../../cli/fold.ts";

const features = "Features  amount, age, country, merchant, hour";

test("a line that is longer than the terminal goes on in the column that it began in", () => {
  expect(foldLines(`${features}\nSize      9 B\n`, 10, 35)).toBe(
    "Features  amount, age, country,\n          merchant, hour\nSize      9 B\n",
  );
});

test("where there is no terminal, and where the column would be too narrow, lines stay whole", () => {
  expect(foldLines(features, 10, null)).toBe(features);
  expect(foldLines(features, 10, 25)).toBe(features);
});

test("a word that is longer stays whole, and colours go on where the line does", () => {
  const digest = `sha256:${"ab".repeat(32)}`;
  expect(foldLines(`Digest  ${digest}`, 8, 40)).toBe(`Digest  ${digest}`);
  const red = "\u001b[31m";
  const folded = foldLines(`WHY  ${red}scores drift on weekends and holidays\u001b[39m`, 5, 28);
  expect(Bun.stripANSI(folded)).toBe("WHY  scores drift on\n     weekends and holidays");
});

test("of a table the last column is folded", () => {
  expect(foldTable("ENV   WHY\ndev   scores drift on weekends\nprod  -\n", 28)).toBe(
    "ENV   WHY\ndev   scores drift on\n      weekends\nprod  -\n",
  );
});

test("help goes on below what it says of a flag or a command", () => {
  const help =
    "Usage: mmsp gc\n\nFlags:\n      --apply   open a pull request that removes them\n  -h, --help    this help\n";
  expect(foldHelp(help, 36)).toBe(
    "Usage: mmsp gc\n\nFlags:\n      --apply   open a pull request\n                that removes them\n  -h, --help    this help\n",
  );
  expect(foldHelp(help, null)).toBe(help);
  expect(foldHelp("Take a version out. What is served\nthen is the one before it.\n\nFlags:\n", 30)).toBe(
    "Take a version out. What is\nserved then is the one before\nit.\n\nFlags:\n",
  );
});
