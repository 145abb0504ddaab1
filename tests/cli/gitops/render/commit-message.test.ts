import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { commitMessage } from "../../../../cli/gitops/render/commit-message.ts";
import { changes } from "./changes.ts";

/** What git itself takes for trailers. */
function trailers(message: string): string {
  const run = Bun.spawnSync(["git", "interpret-trailers", "--parse"], { stdin: Buffer.from(message) });
  return run.stdout.toString();
}

test("a deploy says what moves, and names itself in a trailer", () => {
  expect(commitMessage(changes.deploy)).toBe(
    [
      "Deploy fraud 3 to prod at 10 %",
      "",
      "Requests to fraud in prod go to version 2 (90 %) and version 3 (10 %);",
      "  until now they went to version 2.",
      "",
      "mmsp-change: deploy prod/fraud/3",
      "",
    ].join("\n"),
  );
});

test("a registration has no environment", () => {
  expect(trailers(commitMessage(changes.register))).toBe("mmsp-change: register registry/fraud/3\n");
});

test("a rollback names the attempt in a trailer and says why", () => {
  const message = commitMessage(changes.rollback);
  expect(trailers(message)).toBe("mmsp-change: rollback prod/fraud/3\nmmsp-rollback: prod/fraud/3/6\n");
  expect(message.replaceAll(/\n */g, " ")).toContain("Taken out by the guard: errors of @ everyone: 18 %");
});

test("a long title is cut at a word", () => {
  const [subject = ""] = commitMessage({ ...changes.deploy, title: "word ".repeat(30) }).split("\n");
  expect(subject.length).toBeLessThanOrEqual(72);
  expect(subject).toEndWith("word …");
});

test("rollbacks that share a commit have a subject together, and a paragraph and trailers each", () => {
  const other = { ...changes.rollback, model: "wine", title: "Roll back wine 3 in prod" };
  const message = commitMessage(changes.rollback, other);
  const [subject, first = "", second = ""] = message.split("\n\n");
  expect(subject).toBe("Roll back 2 versions in prod");
  expect(first).toStartWith(`${changes.rollback.title}\n`);
  expect(first).toContain("Taken out by the guard");
  expect(second).toStartWith("Roll back wine 3 in prod\nRequests to wine in prod");
  expect(trailers(message).split("\n")).toEqual([
    "mmsp-change: rollback prod/fraud/3",
    "mmsp-rollback: prod/fraud/3/6",
    "mmsp-change: rollback prod/wine/3",
    "mmsp-rollback: prod/wine/3/6",
    "",
  ]);
});

test("whatever the reason says, it pings nobody, closes nothing and adds no trailer", () => {
  const bits = fc.constantFrom(
    "\n",
    "\n\n",
    "mmsp-change: x",
    "@octocat",
    "#1",
    "fixes #2",
    "GH-3",
    "https://x.y/issues/1",
    " ",
    "Co-authored-by: a <a@b.c>",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(bits).map((parts) => parts.join("")),
      ),
      (reason) => {
        const { rejection } = changes.rollback;
        if (rejection === null) throw new Error("a rollback has a rejection");
        const message = commitMessage({ ...changes.rollback, rejection: { ...rejection, reason } });
        expect(message).not.toMatch(/[@#]\w|GH-\d|:\/\/\S/);
        const paragraphs = message.trimEnd().split("\n\n");
        expect(paragraphs).toHaveLength(3);
        const trailersOfOne = "mmsp-change: rollback prod/fraud/3\nmmsp-rollback: prod/fraud/3/6";
        expect(paragraphs[2]).toBe(trailersOfOne);

        const hostile = { ...changes.rollback, rejection: { ...rejection, reason } };
        const shared = commitMessage(changes.rollback, hostile).trimEnd().split("\n\n");
        expect(shared).toHaveLength(4);
        expect(shared[2]).not.toMatch(/[@#]\w|GH-\d|:\/\/\S/);
        expect(shared[3]).toBe(`${trailersOfOne}\n${trailersOfOne}`);
      },
    ),
    { numRuns: 500 },
  );
});
