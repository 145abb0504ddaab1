/** Times what a scrape takes, of the gateway's metrics and of prom-client's with the same series, all of them changed before. */
import { createMetrics } from "../../../gateway/edges/metrics.ts";
import type { Recorder } from "../../../gateway/core/record.ts";
import { byPromClient } from "../../support/prom-client-recorder.ts";
import { serveQuestions } from "../harness/process.ts";

const scrapes = 20;
/** Each shows 40 lines: its attempts and errors under two names, two histograms, a reply and a fallback. */
const models = Array.from({ length: 125 }, (_, at) => `model-${at}`);

const metrics = createMetrics();
const theirs = byPromClient();
const sides = {
  own: { recorder: metrics, scrape: async () => (await metrics.scrape()).body },
  theirs: { recorder: theirs, scrape: () => theirs.text() },
} satisfies Readonly<Record<string, { recorder: Recorder; scrape: () => Promise<string> }>>;

function change(recorder: Recorder, round: number): void {
  models.forEach((model, at) => {
    const seconds = ((round + at) % 50) / 10_000;
    recorder.attempt({ model, version: 1, rollout: 1, phase: "stable", outcome: "fault", fallback: false, seconds });
    recorder.reply(model, 500);
    recorder.fallback(model, 1, "error");
  });
}

let round = 0;

serveQuestions("", async ({ side }: { side: keyof typeof sides }) => {
  const { recorder, scrape } = sides[side];
  let milliseconds = 0;
  let lines = 0;
  for (let at = 0; at < scrapes; at++) {
    change(recorder, round++);
    const startedAt = performance.now();
    const text = await scrape();
    milliseconds += performance.now() - startedAt;
    lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
  }
  return { milliseconds: milliseconds / scrapes, lines };
});
