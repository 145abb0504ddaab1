import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "./support/folder.ts";

/** `bun tests/ci.ts` in a folder with these scripts. */
async function runCi(scripts: Readonly<Record<string, string>>) {
  using folder = temporaryFolder({ "package.json": JSON.stringify({ scripts }) });
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "ci.ts")], {
    cwd: folder.path,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [stdout, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  const lines = stdout.trimEnd().split("\n");
  return { exitCode, last: lines.at(-1), headings: lines.filter((line) => /^==== \S+$/.test(line)), lines };
}

test("CI runs check, every e2e:* and a short fuzz, in that order, and adds up what they count", async () => {
  const { exitCode, last, headings, lines } = await runCi({
    fuzz: "echo seed 7, arguments",
    "e2e:b": "echo SKIPPED: nothing; echo; echo '2 passed, 0 failed'",
    bench: "exit 1",
    check: "echo '1 passed, 0 failed'; printf '40 passed, 0 failed'",
    "e2e:a": "echo '3 passed, 0 failed'",
  });
  expect(headings).toEqual(["==== check", "==== e2e:a", "==== e2e:b", "==== fuzz"]);
  expect(lines).toContain("seed 7, arguments --minutes 5");
  expect({ last, exitCode }).toEqual({ last: "47 passed, 0 failed", exitCode: 0 });
  expect(lines.filter((line) => /^(\w+: )?\d+ passed, \d+ failed$/.test(line))).toHaveLength(1);
});

test("a part that fails without saying so counts, and the others run all the same", async () => {
  const { exitCode, last, headings } = await runCi({
    check: "echo '5 passed, 2 failed'; exit 1",
    "e2e:a": "echo '4 passed, 0 failed'; exit 3",
    "e2e:b": "exit 1",
    fuzz: "true",
  });
  expect(headings).toHaveLength(4);
  expect({ last, exitCode }).toEqual({ last: "10 passed, 4 failed", exitCode: 1 });
});

test("nothing to run is a failure", async () => {
  expect(await runCi({ bench: "true" })).toMatchObject({ last: "0 passed, 0 failed", exitCode: 1 });
});
