import { expect, setDefaultTimeout, test } from "bun:test";
import { predictAt, sendAlert, startCircle } from "../support/circle.ts";
import { makeAppKey } from "../support/app-key.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

setDefaultTimeout(40_000);

const { publicKey, privateKey } = makeAppKey();
const fraud = {
  versions: { 1: linearModel(), 2: linearModel({ bias: [9, 0] }) },
  canary: 2,
  weight: 100,
  spec: { slo: { minRequests: 1 } },
};

test("a gateway that is a GitHub App reads a private repository, and its rollback is a signed commit of the bot", async () => {
  const app = {
    id: 4711,
    slug: "rollouts",
    publicKey,
    installation: 99,
    permissions: { contents: "write", pull_requests: "write" },
  } as const;
  await using circle = await startCircle(servingTree({ fraud }), { app, privateReads: true });
  await using gateway = await circle.start({
    GITHUB_TOKEN: "",
    MMSP_GITHUB_APP_ID: "4711",
    MMSP_GITHUB_APP_PRIVATE_KEY: privateKey.replaceAll("\n", "\\n"),
    // git goes past the line that the circle can cut, to the address that the token is for.
    MMSP_GIT_URL: circle.forge.cloneUrl,
    GITHUB_API_URL: circle.forge.apiUrl,
  });
  expect((await predictAt(gateway, { instances: [[1, 2, 3]] })).headers.get("x-mmsp-version")).toBe("2");
  const reply = await sendAlert(gateway);
  const [result] = reply.json()["results"] as { decision: string; commit?: string }[];
  expect(result).toMatchObject({ decision: "cut" });
  await gateway.logged("git agrees: the cut is over");
  expect(await circle.api("GET", "/commits/main")).toMatchObject({
    author: { login: "rollouts[bot]" },
    commit: { message: expect.stringContaining("Roll back fraud"), verification: { verified: true } },
  });
  expect(JSON.stringify(gateway.log)).not.toMatch(/ghs_|PRIVATE KEY/);
});
