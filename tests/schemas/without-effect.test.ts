import { expect, test } from "bun:test";
import type { Environment } from "../../schemas/environment.ts";
import { checkTree } from "../../schemas/rules.ts";
import { settingsWithoutEffect } from "../../schemas/rules/without-effect.ts";
import { aDeployment, anEnvironment, aTree } from "../support/builders.ts";

const treeWith = (backend: Environment["spec"]["backend"]) =>
  aTree({
    environments: [
      anEnvironment("dev", {
        backend,
        artifactStore: "s3://bucket/models",
        gateway: { modelMemoryMib: 512, timeoutMs: 900, maxBodyBytes: 4096 },
      }),
    ],
    deployments: {
      dev: [aDeployment({ spec: { serving: { timeoutMs: 500, intraOpThreads: 2, memoryArena: false } } })],
    },
  });

test("what a gateway sets of its own models and memory has no effect on Triton; what it sets of requests has", () => {
  const notices = settingsWithoutEffect(treeWith("triton"));
  expect(notices.map(({ file, path }) => [file, path])).toEqual([
    ["environments/dev/environment.yaml", "spec.gateway.modelMemoryMib"],
    ["environments/dev/models/fraud/deployment.yaml", "spec.serving.intraOpThreads"],
    ["environments/dev/models/fraud/deployment.yaml", "spec.serving.memoryArena"],
  ]);
  expect(checkTree(treeWith("triton"))).toEqual(checkTree(treeWith("embedded")));
});

test("embedded, all of it has", () => {
  expect(settingsWithoutEffect(treeWith("embedded"))).toEqual([]);
});
