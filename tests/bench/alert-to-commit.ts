import { readFileSync, watch } from "node:fs";
import { join } from "node:path";
import type { ForgeCall } from "../../cli/demo/forge/server.ts";
import { createGitHub } from "../../cli/gitops/edges/github/github.ts";
import { median, ratios, type Family, type Settings } from "./harness/figure.ts";
import { repository, startHub, token, type Hub } from "./harness/hub.ts";
import { logisticRegression, oneRow } from "./harness/models.ts";
import { startService } from "./harness/process.ts";
import { foundation, merged, servedModel, type Files } from "./harness/tree.ts";
import { accusation, alertsToken, gatewayScript } from "./harness/webhook.ts";

const baseBranch = "main";
const patienceMs = 30_000;
/** So many that half of them are enough for a verdict: before, an alert is not believed. */
const requests = 200;

/**
 * What the gateway adds to the calls that a rollback takes at least. Each round has a gateway that has just started and two
 * fresh servers with equal repositories, both of which have served such calls before.
 */
export const alertToCommit: Family = {
  rows: ["alert_to_commit_vs_replay"],
  async measure(settings) {
    const { rounds, say } = settings;
    const artifacts = [logisticRegression(1), logisticRegression(2)];
    const files = merged(foundation(["dev"]), servedModel("dev", "model", artifacts));
    const rollbacks: number[] = [];
    const replays: number[] = [];
    let count = 0;
    for (let round = 0; round < rounds; round++) {
      say(`alert to commit: round ${round + 1} of ${rounds}`);
      const { ms, calls } = await rollBack(settings, files, round);
      rollbacks.push(ms);
      replays.push(await replay(settings, files, round, calls));
      count = calls.length;
    }
    const note = `${median(rollbacks).toFixed(1)} ms / ${median(replays).toFixed(1)} ms for ${count} calls`;
    return { alert_to_commit_vs_replay: { samples: ratios(rollbacks, replays), note } };
  },
};

async function rollBack(settings: Settings, files: Files, round: number) {
  await using hub = await startHub(settings, `rollback-${round}`, files);
  const env = {
    MMSP_ENV: "dev",
    MMSP_GIT_URL: hub.cloneUrl,
    MMSP_DATA: join(settings.scratch, `rollback-data-${round}`),
    MMSP_PORT: "0",
    MMSP_ALERTS_TOKEN: alertsToken,
    MMSP_REPOSITORY: repository,
    GITHUB_TOKEN: token,
    GITHUB_API_URL: hub.apiUrl,
  };
  await using gateway = await startService(gatewayScript, { core: "server", scratch: settings.scratch, env });
  await warmUp(hub);
  for (let sent = 0; sent < requests; sent++) {
    await (
      await fetch(`${gateway.url}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: oneRow,
      })
    ).text();
  }
  const earlier = (await hub.calls()).length;
  const body = accusation("model", 2);
  const headers = { authorization: `Bearer ${alertsToken}`, "content-type": "application/json" };
  const { ms } = await untilMoved(hub, () => fetch(`${gateway.url}/alerts`, { method: "POST", headers, body }));
  return { ms, calls: (await hub.calls()).slice(earlier) };
}

/** The same calls one after another, as somebody would send them who knew the answers beforehand. */
async function replay(settings: Settings, files: Files, round: number, calls: readonly ForgeCall[]): Promise<number> {
  await using hub = await startHub(settings, `replay-${round}`, files);
  await warmUp(hub);
  const { origin } = new URL(hub.apiUrl);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const { ms } = await untilMoved(hub, async () => {
    for (const { method, path, body } of calls) {
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const response = await fetch(`${origin}${path}`, init);
      const text = await response.text();
      if (!response.ok || text.includes('"errors"')) throw new Error(`${method} ${path} was answered with ${text}`);
    }
  });
  return ms;
}

/** Reads and commits like those that are measured, on a branch of their own. */
async function warmUp(hub: Hub): Promise<void> {
  const { apiUrl } = hub;
  const github = createGitHub({ repository, baseBranch, apiUrl, token, userAgent: "mmsp-bench" });
  let expectedHead = hub.start;
  for (let count = 0; count < 5; count++) {
    await github.read({ models: ["model"], environments: ["dev"] });
    const files = [{ path: "warm-up.txt", content: String(count) }];
    expectedHead = (await github.commit({ branch: "warm-up", expectedHead, files, message: "Warm up" })).oid;
  }
}

/** Milliseconds from the start of `act` until the base branch has a new commit. Throws what `act` throws. */
async function untilMoved(hub: Hub, act: () => Promise<unknown>): Promise<{ readonly ms: number }> {
  const ref = join(hub.gitDir, "refs", "heads", baseBranch);
  const { promise: moved, resolve, reject } = Promise.withResolvers<number>();
  const watcher = watch(join(hub.gitDir, "refs", "heads"), () => {
    const now = performance.now();
    if (readFileSync(ref, "utf8").trim() !== hub.start) resolve(now);
  });
  const patience = setTimeout(() => reject(new Error("no commit came of the alert")), patienceMs);
  try {
    const startedAt = performance.now();
    const acted = act();
    const [movedAt] = await Promise.all([moved, acted]);
    return { ms: movedAt - startedAt };
  } finally {
    clearTimeout(patience);
    watcher.close();
  }
}
