/** Times `parseDocument` over every YAML file below a folder, one after another; reading them is not timed. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { serveQuestions } from "../harness/process.ts";

const [root = "."] = process.argv.slice(2);
const texts = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => readFileSync(join(root, name), "utf8"));

serveQuestions("", () => {
  const startedAt = performance.now();
  for (const text of texts) parseDocument(text);
  return performance.now() - startedAt;
});
