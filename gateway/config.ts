import { z } from "zod";
import { readSettings, type Settings } from "../schemas/settings.ts";
import { ProblemError, type Problem } from "../schemas/problem.ts";

const defaultPort = 8080;

const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());

const whole = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return optional(z.coerce.number(message).int(message).min(min, message).max(max, message));
};

const Variables = z.object({
  MMSP_ENV: z.string({ error: "names the environment to serve, such as dev" }).min(1),
  MMSP_DIR: optional(z.string()),
  MMSP_GIT_URL: optional(
    z
      .string()
      .regex(
        /^(https?:\/\/|ssh:\/\/|[A-Za-z0-9_][A-Za-z0-9_.-]*@|file:\/\/|\/)/,
        "must be an http(s), ssh or file address",
      ),
  ),
  MMSP_GIT_BRANCH: optional(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/, "must be a branch name")),
  MMSP_POLL_MS: whole(50, 3_600_000),
  MMSP_HOST: optional(z.string()),
  MMSP_PORT: whole(0, 65535),
  MMSP_GRPC_PORT: whole(0, 65535),
  MMSP_DATA: optional(z.string()),
  MMSP_ROLES: optional(z.enum(["serve", "react", "all"])),
  MMSP_ALERTS_TOKEN: optional(z.string().min(8, "must have at least 8 characters")),
  MMSP_TRITON_MAX_CONNECTIONS: whole(1, 4096),
  MMSP_TRITON_MAX_QUEUE: whole(0, 65536),
  GITHUB_TOKEN: optional(z.string()),
  GH_TOKEN: optional(z.string()),
  GITHUB_API_URL: optional(z.string().regex(/^https?:\/\/[^\s@]+$/, "must be an http or https address without a user")),
});

/** What one gateway process is to do. */
export interface Config {
  readonly environment: string;
  readonly source:
    | { readonly kind: "dir"; readonly root: string }
    | { readonly kind: "git"; readonly url: string; readonly branch: string; readonly pollMs: number };
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where gRPC is answered, 0: any free one; null: nowhere. */
  readonly grpcPort: number | null;
  /** Folder of the cut store, which roles share, and of the clone of each role. */
  readonly dataDir: string;
  readonly roles: "serve" | "react" | "all";
  /** Bearer token that `/alerts` asks for; null: `/alerts` is off. */
  readonly alertsToken: string | null;
  /** What requests may take of each replica of Triton; null: nobody says. */
  readonly triton: { readonly maxConnections: number | null; readonly maxQueue: number | null };
  /** owner/name on GitHub, or a git remote, that rollbacks are committed to; null: they are not committed. */
  readonly repository: string | null;
  readonly githubToken: string | null;
  readonly githubApiUrl: string;
  /** What variables say instead of mmsp.yaml and environment.yaml. */
  readonly settings: Settings;
}

/** Names of the variables that are checked here; see schemas/variables.ts for what they mean. */
export const configVariables: readonly string[] = Object.keys(Variables.shape);

/** Reads the environment variables of the gateway. Throws a ProblemError with everything that is wrong with them. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const read = Variables.safeParse(env);
  const { settings, problems } = settingsOf(env);
  if (!read.success || problems.length > 0) {
    const wrong = (read.error?.issues ?? []).map(({ path, message }) => ({
      code: "config-invalid",
      path: path.join("."),
      message,
      hint: "`mmsp help environment` tells what each variable takes",
    }));
    throw new ProblemError([...wrong, ...problems]);
  }
  const vars = read.data;
  const { MMSP_PORT: port = defaultPort, MMSP_GRPC_PORT: grpcPort = null } = vars;
  if (port !== 0 && port === grpcPort) {
    const message = `is ${port}, which is the port for HTTP (MMSP_PORT)`;
    throw new ProblemError([
      { code: "config-ports", path: "MMSP_GRPC_PORT", message, hint: "gRPC is answered on a port of its own" },
    ]);
  }
  if ((vars.MMSP_DIR === undefined) === (vars.MMSP_GIT_URL === undefined)) {
    const message = "set exactly one of MMSP_DIR and MMSP_GIT_URL: a gateway follows one source";
    const hint =
      "MMSP_DIR=. follows the clone that you are in, MMSP_GIT_URL=https://... a branch of a remote repository";
    throw new ProblemError([{ code: "config-source", message, hint }]);
  }
  const source: Config["source"] =
    vars.MMSP_DIR === undefined
      ? {
          kind: "git",
          url: vars.MMSP_GIT_URL ?? "",
          branch: vars.MMSP_GIT_BRANCH ?? settings.baseBranch ?? "main",
          pollMs: vars.MMSP_POLL_MS ?? 2000,
        }
      : { kind: "dir", root: vars.MMSP_DIR };
  return {
    environment: vars.MMSP_ENV,
    source,
    host: vars.MMSP_HOST ?? "127.0.0.1",
    port,
    grpcPort,
    dataDir: vars.MMSP_DATA ?? `${vars.MMSP_DIR ?? "."}/.mmsp/${vars.MMSP_ENV}`,
    roles: vars.MMSP_ROLES ?? "all",
    alertsToken: vars.MMSP_ALERTS_TOKEN ?? null,
    triton: {
      maxConnections: vars.MMSP_TRITON_MAX_CONNECTIONS ?? null,
      maxQueue: vars.MMSP_TRITON_MAX_QUEUE ?? null,
    },
    repository: settings.repository ?? null,
    githubToken: vars.GITHUB_TOKEN ?? vars.GH_TOKEN ?? null,
    githubApiUrl: (vars.GITHUB_API_URL ?? "https://api.github.com").replace(/\/+$/, ""),
    settings,
  };
}

function settingsOf(env: Parameters<typeof readSettings>[0]): {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
} {
  try {
    return { settings: readSettings(env), problems: [] };
  } catch (error) {
    if (error instanceof ProblemError) return { settings: {}, problems: error.problems };
    throw error;
  }
}
