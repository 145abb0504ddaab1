/**
 * Looks for secrets in what git has of this repository: tokens, keys and passwords of the services that secretlint knows, and
 * assignments of random text to names such as `token`. A line that is meant carries the comment `secretlint-disable-line` with
 * the reason. Works offline, and prints where a secret is, never the secret.
 */
import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import { extname } from "node:path";
import { assignedSecrets } from "./support/assigned-secrets.ts";

/** Of text that people write; models and data are larger, or binary. */
const maxBytes = 4 * 1024 * 1024;

const rules = [{ id: "@secretlint/secretlint-rule-preset-recommend", rule: creator }];

const listed = Bun.spawnSync(["git", "ls-files", "-z"]);
if (!listed.success) throw new Error(`git ls-files failed: ${listed.stderr.toString()}`);
const paths = listed.stdout.toString().split("\0");

let read = 0;
let found = 0;
for (const path of paths) {
  const file = Bun.file(path);
  // Deleted, but not yet in git's list.
  if (path === "" || !(await file.exists()) || file.size > maxBytes) continue;
  const content = await file.text();
  if (content.includes("\0")) continue;
  read += 1;
  const { messages } = await lintSource({
    source: { content, filePath: path, ext: extname(path), contentType: "text" },
    options: { config: { rules }, maskSecrets: true },
  });
  const places = [
    ...messages.map(({ loc, messageId }) => ({ line: loc.start.line, column: loc.start.column + 1, what: messageId })),
    ...assignedSecrets(content).map((place) => ({ ...place, what: "random text under a name that says it is secret" })),
  ];
  found += places.length;
  for (const { line, column, what } of places) process.stdout.write(`${path}:${line}:${column} ${what}\n`);
}
process.stdout.write(`${read} files were searched for secrets, and ${found} found\n`);
if (found > 0)
  process.stdout.write("  hint: revoke what is real; mark what is not with `secretlint-disable-line` and why\n");
process.exitCode = found === 0 && read > 0 ? 0 : 1;
