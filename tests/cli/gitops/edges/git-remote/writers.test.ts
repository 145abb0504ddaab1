import { expect, setDefaultTimeout, test } from "bun:test";
import { paths } from "../../../../../schemas/tree.ts";
import { rollback as aRollback } from "../../../../support/builders.ts";
import { sampleFiles } from "../../documents.ts";
import { branch, deploy } from "../../publisher.ts";
import { pushed, startRemote } from "./remote.ts";

setDefaultTimeout(60_000);

const rollback = aRollback({ environment: "dev" });
const models = Array.from({ length: 10 }, (_, at) => `m-${at}`);

test("ten writers to one branch lose nothing, each with a clone of its own", async () => {
  await using busy = await startRemote(sampleFiles(models));
  const results = await Promise.all(models.map((model) => busy.commit({ ...rollback, model })));
  expect(results.map(({ kind }) => kind)).toEqual(models.map(() => "committed"));
  expect((await busy.git("log", "--format=%s", `${busy.start}..main`)).split("\n").toSorted()).toEqual(
    models.map((model) => `Roll back ${model} 2 in dev, version 1 serves`),
  );
  for (const model of models) {
    expect(await busy.git("show", `main:${paths.deployment("dev", model)}`)).toContain("version: 1");
  }
});

test("writers of the same proposal end with one branch and one commit on it", async () => {
  await using remote = await startRemote();
  const results = await Promise.all([1, 2, 3].map(() => pushed(remote.propose(deploy))));
  expect(new Set(results.map((result) => result.pushed.branch))).toEqual(new Set([branch]));
  expect((await remote.git("log", "--format=%s", `main..${branch}`)).split("\n")).toEqual([
    "Deploy fraud 3 to dev at 10 %",
  ]);
});
