import { join } from "node:path";
import { stringify } from "yaml";
import { paths } from "../../schemas/tree.ts";
import { aProject, aVersion } from "../support/builders.ts";
import { interleave, median, ratios, type Family } from "./harness/figure.ts";
import { startService } from "./harness/process.ts";
import { milliseconds } from "./harness/spawn.ts";
import { foundation, merged, versionFiles, writeFiles, type Files } from "./harness/tree.ts";

const cli = new URL("../../cli/main.ts", import.meta.url).pathname;
const parser = new URL("servers/parse.ts", import.meta.url).pathname;
const documents = 1_000;

/** A whole `mmsp validate`, process start and all, in the time that the YAML library needs to parse the same files. */
export const validation: Family = {
  rows: ["validate_1000_vs_parse"],
  async measure({ rounds, scratch, say }) {
    const root = join(scratch, "validate");
    const versions = versionDocuments();
    // Model files are elsewhere: to read them is no work of a YAML library.
    const project = new Map([[paths.project, stringify(aProject({ artifactStore: "s3://models" }))]]);
    writeFiles(root, merged(foundation(["dev"]), project, versions));
    const lines = [...versions].flatMap(([path, text]) =>
      path.endsWith("/model-version.yaml") ? [String(text).split("\n").length] : [],
    );
    await using worker = await startService(parser, { core: "server", scratch, args: [root] });
    const sides = {
      validate: () => milliseconds([process.execPath, cli, "validate"], root),
      parse: () => worker.ask<number>({}),
    };
    say(`validate: ${rounds} rounds of ${documents} documents of ${median(lines)} lines`);
    await interleave(1, sides);
    const samples = await interleave(rounds, sides);
    const note = `${median(samples.validate).toFixed(0)} ms / ${median(samples.parse).toFixed(0)} ms, ${median(lines)} lines each`;
    return { validate_1000_vs_parse: { samples: ratios(samples.validate, samples.parse), note } };
  },
};

/** Registered versions with the names of 25 columns and some metrics: about 60 lines as they are written. */
function versionDocuments(): Files {
  const featureOrder = Array.from({ length: 25 }, (_, at) => `feature_${at}`);
  const metrics = { accuracy: 0.9298, roc_auc: 0.9824, log_loss: 0.1587, f1: 0.9431 };
  const provenance = { createdAt: "2026-11-20T09:12:00Z", createdBy: "Somebody", source: "training/fraud.py" };
  return new Map(
    Array.from({ length: documents }, (_, at) => at).flatMap((at) => {
      const [model, version] = [`model-${Math.floor(at / 10)}`, (at % 10) + 1];
      const document = aVersion(model, version, { featureOrder, metrics, opset: 17, producer: "skl2onnx", provenance });
      return [...versionFiles(document)];
    }),
  );
}
