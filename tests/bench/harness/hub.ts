import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DEMO_TOKEN, type ForgeCall } from "../../../cli/demo/forge/server.ts";
import { runGit } from "../../support/git.ts";
import type { Settings } from "./figure.ts";
import { startService } from "./process.ts";
import type { Files } from "./tree.ts";

const forgeScript = new URL("../servers/forge.ts", import.meta.url).pathname;
const [owner, repo] = ["acme", "models"] as const;

export const repository = `${owner}/${repo}`;
export const token = DEMO_TOKEN;

/** The test's GitHub server in a process of its own, with one commit on main and the same on `warm-up`. */
export interface Hub extends AsyncDisposable {
  readonly apiUrl: string;
  readonly cloneUrl: string;
  readonly gitDir: string;
  /** The commit that it starts at; equal files give equal commits. */
  readonly start: string;
  /** Every API call so far. */
  calls(): Promise<readonly ForgeCall[]>;
}

export async function startHub({ scratch }: Settings, name: string, files: Files): Promise<Hub> {
  const directory = join(scratch, name);
  mkdirSync(directory, { recursive: true });
  const service = await startService(forgeScript, { core: "load", scratch, args: [directory, owner, repo] });
  const gitDir = join(directory, owner, `${repo}.git`);
  await runGit(gitDir, ["fast-import", "--quiet", "--done"], { stdin: importStream(files) });
  await runGit(gitDir, ["update-ref", "refs/heads/warm-up", "refs/heads/main"]);
  return {
    apiUrl: service.url,
    cloneUrl: `${new URL(service.url).origin}/${repository}.git`,
    gitDir,
    start: await runGit(gitDir, ["rev-parse", "refs/heads/main"]),
    calls: () => service.ask<readonly ForgeCall[]>({}),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** One commit with everything, in one process however many files there are. */
function importStream(files: Files): Uint8Array {
  const people = "committer Somebody <somebody@example.com> 1795250000 +0000\n";
  const parts: Uint8Array[] = [Buffer.from(`commit refs/heads/main\n${people}data 5\nStart\n`)];
  for (const [path, content] of files) {
    const bytes = Buffer.from(content);
    parts.push(Buffer.from(`M 100644 inline ${path}\ndata ${bytes.length}\n`), bytes, Buffer.from("\n"));
  }
  parts.push(Buffer.from("done\n"));
  return Buffer.concat(parts);
}
