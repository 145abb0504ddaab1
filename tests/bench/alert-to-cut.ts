import { join } from "node:path";
import { startLoad } from "./embedded.ts";
import type { CutJob, CutResult } from "./harness/cut-probe.ts";
import { median, ratios, type Family, type Settings } from "./harness/figure.ts";
import { logisticRegression, oneRow } from "./harness/models.ts";
import { startService, type Service } from "./harness/process.ts";
import { foundation, merged, servedModel, writeFiles } from "./harness/tree.ts";
import { accusation, alertsToken, gatewayScript } from "./harness/webhook.ts";

const connections = 32;

/** From an alert to the end of traffic, each round on a gateway that has just started and never saw an alert before. */
export const alertToCut: Family = {
  rows: ["alert_to_cut_vs_rtt"],
  async measure(settings) {
    const { rounds, say } = settings;
    await using load = await startLoad(settings);
    const cuts: number[] = [];
    const trips: number[] = [];
    const answers: number[] = [];
    for (let round = 0; round < rounds; round++) {
      say(`alert to cut: round ${round + 1} of ${rounds}`);
      const { cutMs, healthMs, lastAnswerMs } = await cutOnce(settings, load, round);
      cuts.push(cutMs);
      trips.push(healthMs);
      answers.push(lastAnswerMs);
    }
    const note = `${median(cuts).toFixed(2)} ms / ${median(trips).toFixed(2)} ms; the last answer came after ${median(answers).toFixed(1)} ms`;
    return { alert_to_cut_vs_rtt: { samples: ratios(cuts, trips), note } };
  },
};

async function cutOnce({ scratch }: Settings, load: Service, round: number) {
  const root = join(scratch, `cut-${round}`);
  const artifacts = [logisticRegression(1), logisticRegression(2)];
  writeFiles(root, merged(foundation(["dev"]), servedModel("dev", "model", artifacts)));
  const env = { MMSP_ENV: "dev", MMSP_DIR: root, MMSP_PORT: "0", MMSP_ALERTS_TOKEN: alertsToken };
  await using gateway = await startService(gatewayScript, { core: "server", scratch, env });
  const job: CutJob = {
    url: gateway.url,
    body: oneRow,
    alert: accusation("model", 2),
    token: alertsToken,
    version: 2,
    connections,
    secondsBefore: 1,
    secondsAfter: 0.5,
  };
  const result = await load.ask<CutResult>(job);
  const { cutMs, healthMs, lastAnswerMs, alertReply } = result;
  if (cutMs === null || !alertReply.includes(" 200")) throw new Error(`nothing was cut: ${JSON.stringify(result)}`);
  return { cutMs, healthMs, lastAnswerMs };
}
