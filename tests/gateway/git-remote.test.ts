import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importFiles, predictAt, sendAlert } from "../support/circle.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { alertsToken } from "../support/gateway-rig.ts";
import { runGit } from "../support/git.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(40_000);

const fraud = {
  versions: { 1: linearModel(), 2: linearModel({ bias: [9, 0] }) },
  canary: 2,
  weight: 100,
  spec: { slo: { minRequests: 1 } },
};

/** A bare repository with fraud's canary in dev, and a gateway that follows it and commits to it. */
async function startAt(folder: string) {
  const gitDir = join(folder, "models.git");
  await runGit(folder, ["init", "--quiet", "--bare", "--initial-branch=main", gitDir]);
  await importFiles(gitDir, servingTree({ fraud }));
  const gateway = await startGatewayProcess({
    MMSP_ENV: "dev",
    MMSP_GIT_URL: `file://${gitDir}`,
    MMSP_REPOSITORY: `file://${gitDir}`,
    MMSP_POLL_MS: "3600000",
    MMSP_DATA: join(folder, "data"),
    MMSP_ALERTS_TOKEN: alertsToken,
  });
  await predictAt(gateway, { instances: [[1, 2, 3]] });
  return { gateway, git: (...args: readonly string[]) => runGit(gitDir, args), gitDir };
}

test("a gateway commits its rollbacks to a remote that only speaks git, and follows them", async () => {
  using folder = temporaryFolder();
  const { gateway, git } = await startAt(folder.path);
  await using _ = gateway;
  expect((await sendAlert(gateway)).json()["results"]).toMatchObject([{ decision: "cut" }]);
  await gateway.logged("git agrees: the cut is over");
  expect(await git("log", "--format=%s %an", "main")).toBe(
    "Roll back fraud 2 in dev, version 1 serves mmsp-gateway\nStart Somebody",
  );
  const status = (await (await fetch(`${gateway.url}/status`)).json()) as object;
  expect(status).toMatchObject({ revision: await git("rev-parse", "main"), cuts: [], problems: [] });
});

test("where the branch is protected the rollback waits on a branch, the cut stays, and /status says where", async () => {
  using folder = temporaryFolder();
  const { gateway, git, gitDir } = await startAt(folder.path);
  await using _ = gateway;
  const hook = join(gitDir, "hooks", "update");
  writeFileSync(hook, '#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "main wants a review"; exit 1; }\n');
  chmodSync(hook, 0o755);
  await sendAlert(gateway);
  await gateway.logged("rollback failed and is tried again");
  const branch = "mmsp/dev/fraud/rollback-2";
  expect(await git("log", "--format=%s", `main..${branch}`)).toBe("Roll back fraud 2 in dev, version 1 serves");
  const { cuts } = (await (await fetch(`${gateway.url}/status`)).json()) as { cuts: readonly object[] };
  expect(JSON.stringify(cuts)).toContain(`the rollback waits on the branch ${branch} for a person to merge it`);
});
