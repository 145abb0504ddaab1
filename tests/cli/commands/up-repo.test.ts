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
const commandsOn = (repository: string): readonly [readonly string[], readonly string[]] => [
  ["up", "--repo", repository, "--env", "dev", "--port", "0", "--detach"],
  ["down", "--repo", repository, "--env", "dev"],
];

/** A `gh` that is logged in, or is not, first on the path. */
function pathWithGh(folder: ReturnType<typeof temporaryFolder>, script: string): string {
  chmodSync(folder.put("bin/gh", `#!/bin/sh\n${script}\n`), 0o755);
  return `${folder.path}/bin:${process.env["PATH"] ?? ""}`;
}

const loggedIn = `[ "$1 $2" = "auth token" ] && echo ${DEMO_TOKEN}`;
const onGitHub = (origin: string) => ({ GITHUB_API_URL: `${origin}/api/v3` });
const elsewhere = () => ({ MMSP_GIT_TOKEN: DEMO_TOKEN });

test.each([
  ["who is only logged in with gh", loggedIn, onGitHub, () => "acme/models"],
  [
    "who names the repository by its address on GitHub",
    loggedIn,
    onGitHub,
    (origin: string) => `${origin}/acme/models`,
  ],
  ["who has a token of another git server", "exit 1", elsewhere, (origin: string) => `${origin}/acme/models.git`],
])("%s has rollbacks committed by the gateway that up --repo starts", async (_, gh, variables, repositoryAt) => {
  await using circle = await startCircle(files);
  using folder = temporaryFolder();
  const { origin } = circle.line;
  const env = { PATH: pathWithGh(folder, gh), XDG_CACHE_HOME: folder.path, ...variables(origin) };
  const [up, down] = commandsOn(repositoryAt(origin));
  const started = await runCli([...up, "--json"], { env });
  const { url, alertsTokenFile } = jsonOf(started) as { url: string; alertsTokenFile: string };
  try {
    const features = { model: "fraud", instances: [[1, 2, 3]] };
    while (
      (
        await fetch(`${url}/predict`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(features),
        })
      ).headers.get("x-mmsp-version") !== "2"
    );
    const reply = await fetch(`${url}/alerts`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${readFileSync(alertsTokenFile, "utf8").trim()}`,
        "content-type": "application/json",
      },
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
  const [up, down] = commandsOn("acme/models");
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
