import { interleave, median, ratios, type Family } from "./harness/figure.ts";
import { startService } from "./harness/process.ts";

const script = new URL("servers/record.ts", import.meta.url).pathname;

/** What every request pays for metrics and the guard, in the time of one histogram's observation. */
export const record: Family = {
  rows: ["record_vs_observe"],
  async measure({ rounds, scratch, say }) {
    say(`record: ${rounds} rounds`);
    await using worker = await startService(script, { core: "server", scratch });
    const time = (what: string) => () => worker.ask<number>({ what });
    const sides = { record: time("record"), observe: time("observe") };
    await interleave(2, sides); // until it is compiled
    const samples = await interleave(rounds, sides);
    const note = `${median(samples.record).toFixed(0)} ns / ${median(samples.observe).toFixed(0)} ns`;
    return { record_vs_observe: { samples: ratios(samples.record, samples.observe), note } };
  },
};
