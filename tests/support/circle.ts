/** The whole circle: the demo's GitHub server over a real repository, a line to it, and gateway processes that follow its main. */
import { join } from "node:path";
import { DEMO_TOKEN, type Forge, type ForgeOptions } from "../../cli/demo/forge/server.ts";
import { startCheckedForge } from "./checked-forge.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { paths } from "../../schemas/tree.ts";
import { parse } from "yaml";
import { alertOf, webhookOf, type AlertOptions } from "./alerts.ts";
import { temporaryFolder } from "./folder.ts";
import { alertsToken, replyOf, type Reply } from "./gateway-rig.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { runGit } from "./git.ts";
import { openLine, type Line } from "./line.ts";

export interface Circle extends AsyncDisposable {
  readonly forge: Forge;
  readonly line: Line;
  readonly dataDir: string;
  start(variables?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  /** Subjects of the commits on main since the start, newest first. */
  commits(): Promise<readonly string[]>;
  deployment(model?: string): Promise<ModelDeployment["spec"]>;
  /** GitHub's API, as a person uses it. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
}

export async function startCircle(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<ForgeOptions> = {},
): Promise<Circle> {
  const folder = temporaryFolder();
  const forge = await startCheckedForge({ directory: folder.path, owner: "acme", repo: "models", ...options });
  const { gitDir } = forge;
  await importFiles(gitDir, files);
  const line = openLine(new URL(forge.apiUrl).origin);
  const dataDir = join(folder.path, "data");
  const git = (...args: string[]) => runGit(gitDir, args);
  return {
    forge,
    line,
    dataDir,
    start: (variables = {}) =>
      startGatewayProcess({
        MMSP_ENV: "dev",
        MMSP_GIT_URL: `${line.origin}/acme/models.git`,
        MMSP_GIT_BRANCH: "main",
        // Long: a gateway sees its own commits without a poll.
        MMSP_POLL_MS: "3600000",
        MMSP_DATA: dataDir,
        MMSP_ALERTS_TOKEN: alertsToken,
        MMSP_REPOSITORY: "acme/models",
        GITHUB_TOKEN: DEMO_TOKEN,
        GITHUB_API_URL: `${line.origin}/api/v3`,
        ...variables,
      }),
    commits: async () => (await git("log", "--format=%s", "main")).split("\n").slice(0, -1),
    deployment: async (model = "fraud") => {
      const text = await git("show", `main:${paths.deployment("dev", model)}`);
      return (parse(text) as ModelDeployment).spec;
    },
    async api(method, path, body) {
      const headers = { authorization: `Bearer ${DEMO_TOKEN}`, "user-agent": "browser" };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      return (await fetch(`${forge.apiUrl}/repos/acme/models${path}`, init)).json();
    },
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]();
      await forge.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** The first commit of main, in one process, bytes and all. */
export async function importFiles(gitDir: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const data = (content: string | Uint8Array) => {
    const bytes = Buffer.from(content);
    return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from("\n")]);
  };
  const header = "commit refs/heads/main\ncommitter Somebody <somebody@example.com> 1795250000 +0000\n";
  const parts = Object.entries(files).flatMap(([path, content]) => [
    Buffer.from(`M 100644 inline ${path}\n`),
    data(content),
  ]);
  const stdin = Buffer.concat([Buffer.from(header), data("Start"), ...parts, Buffer.from("done\n")]);
  await runGit(gitDir, ["fast-import", "--quiet", "--done"], { stdin });
}

export async function sendAlert(gateway: GatewayProcess, options: AlertOptions = {}): Promise<Reply> {
  const headers = { authorization: `Bearer ${alertsToken}`, "content-type": "application/json" };
  const body = JSON.stringify(webhookOf(alertOf(options)));
  return replyOf(await fetch(`${gateway.url}/alerts`, { method: "POST", headers, body }));
}

export async function predictAt(gateway: GatewayProcess, body: object): Promise<Reply> {
  return replyOf(
    await fetch(`${gateway.url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}
