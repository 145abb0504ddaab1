/** A real MLflow server in a folder of its own. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Who may do everything on a server with accounts. */
export const admin = { MLFLOW_TRACKING_USERNAME: "admin", MLFLOW_TRACKING_PASSWORD: "correct-horse-battery-1" };

export interface MlflowServer extends AsyncDisposable {
  readonly url: string;
  /** A call of its REST API as the admin; the JSON of the reply. Throws for anything but success. */
  api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
}

const startMs = 120_000;

/** MLflow's own, but a password that was right is not hashed anew for every call. */
const accountSettings = `[mlflow]
default_permission = READ
database_uri = sqlite:///accounts.sqlite
admin_username = ${admin.MLFLOW_TRACKING_USERNAME}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 600
`;

/** Starts one on a free port. `artifacts`: flags that say where its artifacts are, and whether it hands them out. */
export async function startMlflow(
  python: string,
  folder: string,
  artifacts: readonly string[] = ["--artifacts-destination", join(folder, "artifacts"), "--serve-artifacts"],
): Promise<MlflowServer> {
  mkdirSync(folder, { recursive: true });
  const accounts = join(folder, "accounts.ini");
  writeFileSync(accounts, accountSettings);
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, "server.log");
  const server = [
    "server",
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--workers",
    "1",
    "--app-name",
    "basic-auth",
  ];
  const child = Bun.spawn(
    [join(python, "bin/mlflow"), ...server, "--backend-store-uri", `sqlite:///${folder}/mlflow.sqlite`, ...artifacts],
    {
      cwd: folder,
      env: {
        PATH: `${python}/bin:${process.env["PATH"] ?? ""}`,
        HOME: folder,
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        MLFLOW_DISABLE_TELEMETRY: "true",
        DO_NOT_TRACK: "true",
        MLFLOW_FLASK_SERVER_SECRET_KEY: crypto.randomUUID(),
        MLFLOW_AUTH_CONFIG_PATH: accounts,
        MLFLOW_AUTH_ADMIN_PASSWORD: admin.MLFLOW_TRACKING_PASSWORD,
      },
      stdio: ["ignore", Bun.file(log), Bun.file(log)],
      // A group of its own: the server is a process below the command.
      detached: true,
    },
  );
  const kill = (): void => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  const stop = async (): Promise<void> => {
    kill();
    await child.exited;
  };
  // In its own group it would outlive a test that is stopped.
  process.on("exit", kill);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
  const deadline = performance.now() + startMs;
  while (!(await answers(`${url}/health`))) {
    if (child.exitCode === null && performance.now() < deadline) {
      await Bun.sleep(200);
      continue;
    }
    await stop();
    throw new Error(`MLflow did not start: ${readFileSync(log, "utf8").slice(-2000)}`);
  }
  return { url, api: (method, path, body) => call(url, method, path, body), [Symbol.asyncDispose]: stop };
}

async function call(url: string, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const credentials = btoa(`${admin.MLFLOW_TRACKING_USERNAME}:${admin.MLFLOW_TRACKING_PASSWORD}`);
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    method,
    headers: { authorization: `Basic ${credentials}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** MLflow cannot be asked for any free port. */
function freePort(): number {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = probe;
  void probe.stop(true);
  return port ?? 0;
}
