import { expect, setDefaultTimeout, test } from "bun:test";
import { startCircle } from "../support/circle.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

// Several processes a test, all of them on two cores.
setDefaultTimeout(40_000);

test("two processes that share their data follow the branch without getting into each other's way", async () => {
  await using circle = await startCircle(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  const start = (role: string) => circle.start({ MMSP_ROLES: role, MMSP_POLL_MS: "50" });
  await using serve = await start("serve");
  await using react = await start("react");
  const problems = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const replies = [serve, react].map(({ url }) => fetch(`${url}/reload`, { method: "POST" }));
    for (const reply of await Promise.all(replies)) {
      const told = (await reply.json()) as { problems: { message: string }[] };
      for (const { message } of told.problems) problems.add(message);
    }
  }
  expect([...problems]).toEqual([]);
});

test("a gateway that follows a branch without a token says that cuts are not committed, and what to set", async () => {
  await using circle = await startCircle(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  await using gateway = await circle.start({ GITHUB_TOKEN: "" });
  const status = (await (await fetch(`${gateway.url}/status`)).json()) as { problems: unknown };
  expect(status.problems).toEqual([
    { code: "cuts-not-committed", message: "cuts are not committed", hint: expect.stringContaining("GITHUB_TOKEN") },
  ]);
});
