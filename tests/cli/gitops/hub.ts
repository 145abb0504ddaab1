/** The demo's GitHub server with the sample repository on it, clients of it, and people who push to it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ForgeFault } from "../../../cli/demo/forge/fault.ts";
import type { ForgeCall, ForgeHook } from "../../../cli/demo/forge/api.ts";
import type { Forge as Server, ForgeOptions } from "../../../cli/demo/forge/server.ts";
import { startCheckedForge } from "../../support/checked-forge.ts";
import { createSettings } from "../../../cli/demo/forge/settings.ts";
import { createGitHub, type GitHubOptions } from "../../../cli/gitops/edges/github/github.ts";
import type { Forge } from "../../../cli/gitops/core/ports.ts";
import { commitDirectly, runGit, temporaryDirectory } from "../../support/git.ts";
import { sampleFiles } from "./documents.ts";

export const token = "writer-token-0123456789";
export const readerToken = "reader-token-0123456789";

const adminToken = "admin-token-0123456789";

export interface Hub extends AsyncDisposable {
  readonly server: Server;
  readonly directory: string;
  /** Commit that main starts at. */
  readonly start: string;
  /** The hook of the server; set it for a part of a test. */
  hook: ForgeHook | undefined;
  /** The same after the effect of a call. */
  replyHook: ForgeHook | undefined;
  client(options?: Partial<GitHubOptions>): Forge;
  /** Somebody's push; the branch starts at main. Returns the commit. */
  push(branch: string, files: Readonly<Record<string, string | null>>, message?: string): Promise<string>;
  head(branch: string): Promise<string>;
  show(branch: string, path: string): Promise<string>;
  /** True when some branch still has the commit. */
  keeps(commit: string): Promise<boolean>;
  /** What the calls since `from` did: `graphql repository`, `POST /repos/{owner}/{repo}/pulls`... */
  operations(from?: number): readonly string[];
  /** As it was at the start: branches, pull requests, settings. */
  reset(): Promise<void>;
  /** The API as somebody else's browser would use it: an administrator's, unless `as` is another's token. */
  api(method: string, path: string, body?: unknown, as?: string): Promise<unknown>;
}

export async function startHub(
  files: Readonly<Record<string, string>> = sampleFiles(),
  options: Partial<ForgeOptions> = {},
): Promise<Hub> {
  const directory = await temporaryDirectory();
  const users = {
    [token]: { login: "grace", permission: "write" },
    [readerToken]: { login: "rita", permission: "read" },
    [adminToken]: { login: "ada", permission: "admin" },
  } as const;
  const server = await startCheckedForge({
    directory: directory.path,
    owner: "acme",
    repo: "models",
    users,
    hook: (call) => hub.hook?.(call),
    replyHook: (call) => hub.replyHook?.(call),
    ...options,
  });
  const { gitDir, apiUrl } = server;
  const start = await importFiles(gitDir, files);
  const hub: Hub = {
    server,
    directory: directory.path,
    start,
    hook: undefined,
    replyHook: undefined,
    client: (more = {}) =>
      createGitHub({
        repository: "acme/models",
        baseBranch: "main",
        apiUrl,
        token,
        userAgent: "mmsp-test",
        secondMs: 1,
        ...more,
      }),
    async push(branch, changes, message = "Somebody's work") {
      const ref = `refs/heads/${branch}`;
      if ((await runGit(gitDir, ["for-each-ref", ref])) === "") await runGit(gitDir, ["update-ref", ref, "main"]);
      return commitDirectly(gitDir, branch, changes, message);
    },
    // Nothing packs refs here, and a process for each look would be a third of all that the trials start.
    head: async (branch) => (await readFile(join(gitDir, "refs/heads", branch), "utf8")).trim(),
    show: (branch, path) => runGit(gitDir, ["show", `${branch}:${path}`]),
    keeps: async (commit) =>
      (await runGit(gitDir, ["for-each-ref", "--contains", commit, "--format=%(refname)", "refs/heads/"])) !== "",
    async reset() {
      const refs = (await runGit(gitDir, ["for-each-ref", "--format=%(refname)"])).split("\n");
      const moves = refs.map((ref) => (ref === "refs/heads/main" ? `update ${ref} ${start}\n` : `delete ${ref}\n`));
      await runGit(gitDir, ["update-ref", "--stdin"], { stdin: moves.join("") });
      Object.assign(server.settings, createSettings("models"));
      server.forget();
      hub.hook = undefined;
      hub.replyHook = undefined;
    },
    operations: (from = 0) => server.calls.slice(from).map((call) => call.operation),
    async api(method, path, body, as = adminToken) {
      const headers = { authorization: `Bearer ${as}`, "user-agent": "browser" };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      return (await fetch(`${apiUrl}/repos/acme/models${path}`, init)).json();
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
  return hub;
}

/** The first commit of main, in one process however many files there are. */
export async function importFiles(gitDir: string, files: Readonly<Record<string, string>>): Promise<string> {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const people = "committer Somebody <somebody@example.com> 1795250000 +0000\n";
  const entries = Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
  const stdin = `commit refs/heads/main\n${people}${data("Start")}${entries.join("")}done\n`;
  await runGit(gitDir, ["fast-import", "--quiet", "--done"], { stdin });
  return runGit(gitDir, ["rev-parse", "refs/heads/main"]);
}

/** A hook that answers with a fault wherever `when` holds. */
export function faulty(
  when: (call: ForgeCall) => boolean,
  status: number,
  body: unknown = { message: "injected" },
  headers: Readonly<Record<string, string>> = {},
): ForgeHook {
  return (call) => {
    if (when(call)) throw new ForgeFault({ status, body, headers });
  };
}

/** A hook that refuses commits on a branch, as GitHub does where a rule wants a pull request; other branches take them. */
export function protectedBranch(branch = "main"): ForgeHook {
  const message = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n";
  const body = { data: { createCommitOnBranch: null }, errors: [{ type: "UNPROCESSABLE", message }] };
  return faulty((call) => branchOf(call) === branch, 200, body);
}

/** The branch that a `createCommitOnBranch` names; null of any other call. */
function branchOf(call: ForgeCall): string | null {
  if (!call.operation.includes("createCommitOnBranch")) return null;
  const { variables } = call.body as { variables: { input: { branch: { branchName: string } } } };
  return variables.input.branch.branchName;
}

/** A hook that does something before the `index`-th call from now on, once. */
export function before(hub: Hub, index: number, act: (call: ForgeCall) => unknown): { readonly fired: boolean } {
  const at = hub.server.calls.length + index;
  const state = { fired: false };
  hub.hook = async (call) => {
    if (state.fired || call.index < at) return;
    state.fired = true;
    await act(call);
  };
  return state;
}
