/** A project, GitHub and MLflow together, and people who use them. */
import { join } from "node:path";
import { startForge } from "../../../cli/demo/forge/server.ts";
import type { FetchedModel } from "../../../cli/gitops/core/mlflow-port.ts";
import { openMlflow } from "../../../cli/gitops/edges/mlflow/open.ts";
import { parseManifest } from "../../../schemas/document.ts";
import { validateModelVersion } from "../../../schemas/json/validators.js";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { paths } from "../../../schemas/tree.ts";
import { makeProject } from "../../cli/run-cli.ts";
import { runGit, temporaryDirectory } from "../../support/git.ts";
import { admin, type MlflowServer } from "./mlflow-server.ts";

const token = "writer-token-0123456789";

/** What log_models.py logged. */
interface Logged {
  readonly versions: readonly [LoggedVersion, LoggedVersion];
  /** The run with artifacts that are no model. */
  readonly odd: string;
}

interface LoggedVersion {
  readonly run: string;
  readonly id: string;
  readonly accuracy: number;
}

export async function logModels(python: string, url: string): Promise<Logged> {
  const script = join(import.meta.dir, "../log_models.py");
  const env = { ...process.env, ...admin, MLFLOW_TRACKING_URI: url, MLFLOW_DISABLE_TELEMETRY: "true" };
  const child = Bun.spawn([join(python, "bin/python"), script], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`log_models.py ended with ${code}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Logged;
}

type Variables = Readonly<Record<string, string>>;

export interface World extends AsyncDisposable {
  readonly server: MlflowServer;
  readonly logged: Logged;
  /** The address of a server that is not MLflow. */
  readonly elsewhere: string;
  /** `mmsp ARGS` in the clone, which must succeed; what it printed. */
  readonly mmsp: (...args: readonly string[]) => Promise<string>;
  /** The same, which opens a pull request, merged and pulled at once; its body. */
  readonly merged: (...args: readonly string[]) => Promise<string>;
  /** What `mmsp ARGS` says on stderr when it is refused with exit code 1. */
  readonly refused: (args: readonly string[], env?: Variables) => Promise<string>;
  readonly version: (model: string, version: number) => ModelVersion;
  /** The document that registering the address would write. */
  readonly planned: (address: string, model?: string) => Promise<ModelVersion>;
  readonly fetched: (address: string) => Promise<FetchedModel>;
  readonly aliases: () => Promise<Readonly<Record<string, number>>>;
  readonly tagsOf: (version: number) => Promise<Readonly<Record<string, string>>>;
  readonly stages: () => Promise<Readonly<Record<string, string>>>;
  /** All that MLflow says of fraud. */
  readonly state: () => Promise<unknown>;
}

interface VersionReply {
  readonly version: string;
  readonly current_stage: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

export async function startWorld(server: MlflowServer, logged: Logged): Promise<World> {
  const directory = await temporaryDirectory();
  const users = { [token]: { login: "grace", permission: "write" } } as const;
  const forge = await startForge({ directory: directory.path, owner: "acme", repo: "models", users });
  const project = await makeProject();
  await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
  await project.git("remote", "add", "origin", forge.gitDir);
  const variables = { ...admin, MLFLOW_TRACKING_URI: server.url, GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: token };
  const run = (args: readonly string[], env: Variables = {}) => project.run(args, { ...variables, ...env });

  async function mmsp(...args: readonly string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await run(args);
    if (exitCode !== 0) throw new Error(`mmsp ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
    return stdout;
  }

  async function hub(method: string, path: string): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${token}`, "user-agent": "browser" };
    const reply = await fetch(`${forge.apiUrl}/repos/acme/models${path}`, { method, headers });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as Record<string, unknown>;
  }

  function parse(text: string): ModelVersion {
    const { value, problems } = parseManifest("model-version.yaml", text, validateModelVersion);
    if (value === null) throw new Error(problems[0].message);
    return value;
  }

  return {
    server,
    logged,
    elsewhere: new URL(forge.apiUrl).origin,
    mmsp,
    async merged(...args) {
      const { pullRequest } = JSON.parse(await mmsp(...args, "--json")) as { pullRequest: { number: number } };
      const { body } = await hub("GET", `/pulls/${pullRequest.number}`);
      await hub("PUT", `/pulls/${pullRequest.number}/merge`);
      // What --local wrote was for looking at.
      await project.git("reset", "--quiet", "--hard");
      await project.git("clean", "--quiet", "--force", "-d");
      await project.git("pull", "--quiet", "--ff-only", "origin", "main");
      return String(body);
    },
    async refused(args, env) {
      const { stdout, stderr, exitCode } = await run(args, env);
      if (exitCode !== 1) throw new Error(`mmsp ${args.join(" ")} ended with ${exitCode}: ${stdout}${stderr}`);
      return stderr;
    },
    version: (model, version) => parse(project.read(paths.version(model, version))),
    async planned(address, model) {
      const name = model === undefined ? [] : [model];
      const printed = await mmsp("register", ...name, "--from-mlflow", address, "--dry-run", "--json", "--local");
      const { diff } = JSON.parse(printed) as { diff: string };
      const document = diff.split(/^diff --git .*$/m).find((part) => part.includes("model-version.yaml\n@@")) ?? "";
      return parse([...document.matchAll(/^\+(?!\+\+ )(.*)$/gm)].map(([, line]) => `${line}\n`).join(""));
    },
    fetched: (address) => openMlflow({ ...admin, MLFLOW_TRACKING_URI: server.url }, "e2e").fetchModel(address),
    async aliases() {
      const reply = await server.api("GET", "registered-models/get?name=fraud");
      const { aliases = [] } = reply["registered_model"] as { aliases?: { alias: string; version: string }[] };
      return Object.fromEntries(aliases.map(({ alias, version }) => [alias, Number(version)]));
    },
    async tagsOf(version) {
      const reply = await server.api("GET", `model-versions/get?name=fraud&version=${version}`);
      const { tags = [] } = reply["model_version"] as VersionReply;
      return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
    },
    async stages() {
      const reply = await server.api("GET", "model-versions/search?filter=name%3D%27fraud%27");
      const versions = reply["model_versions"] as readonly VersionReply[];
      return Object.fromEntries(versions.map((version) => [version.version, version.current_stage]));
    },
    state: () => server.api("GET", "registered-models/get?name=fraud"),
    async [Symbol.asyncDispose]() {
      project[Symbol.dispose]();
      await forge.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}
