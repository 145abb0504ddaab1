import { interleave, median, ratios, type Family } from "./harness/figure.ts";
import { startService } from "./harness/process.ts";

const script = new URL("servers/scrape.ts", import.meta.url).pathname;

/** What a scrape of /metrics takes, in the time that prom-client takes for the same series. */
export const scrape: Family = {
  rows: ["scrape_vs_prom_client"],
  async measure({ rounds, scratch, say }) {
    say(`scrape: ${rounds} rounds`);
    await using worker = await startService(script, { core: "server", scratch });
    const lines = new Set<number>();
    const time = (side: string) => async (): Promise<number> => {
      const scraped = await worker.ask<{ milliseconds: number; lines: number }>({ side });
      lines.add(scraped.lines);
      return scraped.milliseconds;
    };
    const sides = { own: time("own"), theirs: time("theirs") };
    await interleave(2, sides); // until it is compiled
    const samples = await interleave(rounds, sides);
    const shown = [...lines].toSorted((a, b) => a - b).join(" and ");
    const note = `${median(samples.own).toFixed(2)} ms / ${median(samples.theirs).toFixed(2)} ms, ${shown} lines`;
    return { scrape_vs_prom_client: { samples: ratios(samples.own, samples.theirs), note } };
  },
};
