import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { alertOf, webhookOf } from "../../support/alerts.ts";
import { startCircle } from "../../support/circle.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { linearModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";
import { DEMO_TOKEN } from "../../../cli/demo/forge/server.ts";
import { jsonOf, runCli } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const fraud = { versions: { 1: linearModel(), 2: linearModel({ bias: [9, 0] }) }, canary: 2, weight: 50 };
const files = servingTree({ fraud: { ...fraud, spec: { slo: { minRequests: 1 } } } });
const up = ["up", "--repo", "acme/models", "--env", "dev", "--port", "0", "--detach"];
const down = ["down", "--repo", "acme/models", "--env", "dev"];

/** A `gh` that is logged in, or is not, first on the path. */
function pathWithGh(folder: ReturnType<typeof temporaryFolder>, script: string): string {
  chmodSync(folder.put("bin/gh", `#!/bin/sh\n${script}\n`), 0o755);
  return `${folder.path}/bin:${process.env["PATH"] ?? ""}`;
}

test("who is only logged in with gh has rollbacks committed by the gateway that up --repo starts", async () => {
  await using circle = await startCircle(files);
  using folder = temporaryFolder();
  const env = {
    PATH: pathWithGh(folder, `[ "$1 $2" = "auth token" ] && echo ${DEMO_TOKEN}`),
    GITHUB_API_URL: `${circle.line.origin}/api/v3`,
    XDG_CACHE_HOME: folder.path,
  };
  const started = await runCli([...up, "--json"], { env });
  const { url, alertsTokenFile } = jsonOf(started) as { url: string; alertsTokenFile: string };
  try {
    const features = { model: "fraud", instances: [[1, 2, 3]] };
    while (
      (await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(features) })).headers.get(
        "x-mmsp-version",
      ) !== "2"
    );
    const reply = await fetch(`${url}/alerts`, {
      method: "POST",
      headers: { authorization: `Bearer ${readFileSync(alertsTokenFile, "utf8").trim()}` },
      body: JSON.stringify(webhookOf(alertOf())),
    });
    expect(await reply.json()).toMatchObject({ results: [{ decision: "cut", commit: expect.any(String) }] });
    expect(await circle.commits()).toEqual([expect.stringContaining("Roll back fraud")]);
    expect(started.stdout).not.toContain(DEMO_TOKEN);
  } finally {
    await runCli(down, { env });
  }
});

test("without any token up --repo serves, and says that rollbacks will not be committed and what to do", async () => {
  await using circle = await startCircle(files);
  using folder = temporaryFolder();
  const env = {
    PATH: pathWithGh(folder, "exit 1"),
    GITHUB_API_URL: `${circle.line.origin}/api/v3`,
    XDG_CACHE_HOME: folder.path,
  };
  const { stderr, stdout, exitCode } = await runCli(up, { env });
  try {
    expect(stderr).toMatch(
      /^warning: .*rollbacks .* will not be committed\n {2}hint: run `gh auth login`, or set GITHUB_TOKEN/,
    );
    expect(stdout).toContain("serving dev");
    expect(exitCode).toBe(0);
  } finally {
    await runCli(down, { env });
  }
});
