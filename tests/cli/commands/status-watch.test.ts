import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ForgeFault } from "../../../cli/demo/forge/fault.ts";
import type { ForgeHook } from "../../../cli/demo/forge/api.ts";
import { startForge } from "../../../cli/demo/forge/server.ts";
import { commitDirectly, runGit, temporaryDirectory } from "../../support/git.ts";
import { cliEnv, jsonOf, main, makeProject, spawnCli, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
});

afterAll(() => project[Symbol.dispose]());

/** `mmsp status --watch` as it runs: what it prints piece by piece, and its end by Ctrl-C. */
function watching(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawnCli(["status", "--watch", ...args], { cwd: project.path, env });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  return {
    child,
    /** What comes next: a block is written at once. */
    async next(): Promise<string> {
      const { value } = await reader.read();
      return decoder.decode(value);
    },
    async end(): Promise<number> {
      child.kill("SIGINT");
      return child.exited;
    },
  };
}

/** `mmsp` on a terminal of its own. */
function openScreen(args: readonly string[]) {
  const decoder = new TextDecoder();
  let text = "";
  let wake = (): void => {};
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: project.path,
    env: cliEnv({ TERM: "xterm-256color" }),
    terminal: {
      cols: 120,
      rows: 30,
      data(_, bytes) {
        text += decoder.decode(bytes, { stream: true });
        wake();
      },
    },
  });
  return {
    /** What has been drawn since it was asked last, up to these words and the line that they stand on. */
    async until(words: string): Promise<string> {
      const end = (): number => text.indexOf("\n", text.indexOf(words) + 1);
      while (!text.includes(words) || end() === -1) await new Promise<void>((resolve) => void (wake = resolve));
      const [before, after] = [text.slice(0, end() + 1), text.slice(end() + 1)];
      text = after;
      return before;
    },
    resize: (cols: number, rows: number) => child.terminal?.resize(cols, rows),
    async type(keys: string): Promise<number> {
      child.terminal?.write(keys);
      return child.exited;
    },
  };
}

const deployment = "environments/dev/models/fraud/deployment.yaml";

describe("of the working tree", () => {
  test("each change is a block of its own, and Ctrl-C ends it with 0", async () => {
    const watch = watching(["fraud"]);
    expect(await watch.next()).toMatch(/^ENV .*\ndev {2}fraud {2}1 {7}- /);
    const text = project.read(deployment);
    project.put(
      deployment,
      `${text.trimEnd()}\n  canary: {version: 2, attempt: 2, since: "2026-01-31T12:00:00Z", weight: 20}\n`,
    );
    expect(await watch.next()).toMatch(/^\nENV .*\ndev {2}fraud {2}1 {7}2 at 20 % /);
    project.put(deployment, text);
    expect(await watch.next()).toMatch(/^\nENV .*\ndev {2}fraud {2}1 {7}- /);
    expect(await watch.end()).toBe(0);
  });

  test("under --json each change is a line, also what is broken for a while", async () => {
    const watch = watching(["--json"]);
    const first = JSON.parse(await watch.next()) as unknown;
    expect(first).toMatchObject({ deployments: [{ model: "fraud", stable: 1 }], problems: [] });
    const text = project.read(deployment);
    project.put(deployment, "spec: [\n");
    expect(JSON.parse(await watch.next())).toMatchObject({ deployments: [], problems: [{ file: deployment }] });
    project.put(deployment, text);
    expect(JSON.parse(await watch.next())).toEqual(first);
    expect(await watch.end()).toBe(0);
  });

  test("shows no secret of its variables, even where a document repeats one", async () => {
    const text = project.read(deployment);
    const secret = "hunter2-hunter2";
    project.put(deployment, `${text.trimEnd()}\n  lock: {reason: ${secret}, by: ann, at: "2026-11-20T09:12:00Z"}\n`);
    const watch = watching([], { GITHUB_TOKEN: secret });
    expect(await watch.next()).toMatch(/locked: \*\*\*\n/);
    expect(await watch.end()).toBe(0);
    project.put(deployment, text);
  });

  test("on a terminal the screen is drawn anew when its size changes, and Ctrl-C ends it with 0", async () => {
    const screen = openScreen(["status", "--watch"]);
    expect(await screen.until("Ctrl-C ends")).toStartWith("\u001b[2J\u001b[H\u001b[J");
    screen.resize(60, 20);
    const again = await screen.until("Ctrl-C ends");
    expect(again).toStartWith("\u001b[2J\u001b[H\u001b[J");
    expect(Bun.stripANSI(again)).toMatch(/^ENV .*\r\ndev {2}fraud {2}1 /);
    expect(await screen.type("\u0003")).toBe(0);
  });

  test("SIGTERM ends it, too", async () => {
    const { child, next } = watching([]);
    await next();
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });
});

test("of GitHub: conditional requests until the branch moves, and patience while it cannot be reached", async () => {
  await using folder = await temporaryDirectory();
  let hook: ForgeHook | undefined;
  const users = { "reader-token": { login: "rita", permission: "read" } } as const;
  const forge = await startForge({
    directory: folder.path,
    owner: "acme",
    repo: "models",
    users,
    hook: (call) => hook?.(call),
  });
  try {
    await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
    const env = { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: "reader-token" };
    const watch = watching(["--repo", "acme/models", "--base", "main", "--every", "1s"], env);
    expect(await watch.next()).toContain("fraud  1");
    const asked = Promise.withResolvers<void>();
    let failures = 0;
    hook = ({ operation }) => {
      if (!operation.startsWith("GET /repos/{owner}/{repo}/git/ref/")) return;
      failures += 1;
      if (failures <= 1) throw new ForgeFault({ status: 502, body: { message: "Bad Gateway" } });
      asked.resolve();
    };
    const text = project.read(deployment).replace("version: 1", "version: 2");
    await commitDirectly(forge.gitDir, "main", { [deployment]: text }, "Serve 2");
    expect(await watch.next()).toContain("fraud  2");
    await asked.promise;
    expect(await watch.end()).toBe(0);
    expect(await watch.child.stderr.text()).toContain("GitHub answered 502; asking again in 2 s");
  } finally {
    await forge.stop();
  }
});

test("--every without --repo is wrong usage", async () => {
  expect((await project.run(["status", "--watch", "--every", "1s"])).exitCode).toBe(2);
  expect((await project.run(["status", "--watch", "--repo", "acme/models", "--every", "0s"])).exitCode).toBe(2);
});

describe("--live", () => {
  test("asks the gateway that the environment names, and says where one does not answer", async () => {
    const file = "environments/dev/environment.yaml";
    const before = project.read(file);
    expect(await project.mmsp("status", "--live")).toContain(
      "no environment here names its gateway (addresses.gateway), and mmsp up serves none",
    );
    const { url } = jsonOf(await project.run(["up", "--env", "dev", "--port", "0", "--detach", "--json"])) as {
      url: string;
    };
    try {
      // Before the environment names any: the one that `up` has started.
      expect(await project.mmsp("status", "--live")).toMatch(
        new RegExp(
          `\\ndev {3}fraud {2}1 {7}- {7}- {4}-\\ndev: the gateway of mmsp up, ${url}, serves revision \\w+\\n$`,
        ),
      );
      expect(jsonOf(await project.run(["status", "--live", "--json"]))).toMatchObject({
        live: [{ environment: "dev", address: url, error: null }],
      });
      expect(jsonOf(await project.run(["status", "--live", "--env", "prod", "--json"]))).toMatchObject({ live: [] });
      const naming = (address: string) =>
        project.put(file, `${before.trimEnd()}\n  addresses: {gateway: "${address}"}\n`);
      naming(url);
      expect(await project.mmsp("status", "--live")).toMatch(/\nLIVE {2}MODEL .*\ndev {3}fraud {2}1 {7}- {7}- {4}-\n/);
      expect(jsonOf(await project.run(["status", "--live", "--json"]))).toMatchObject({
        live: [{ environment: "dev", address: url, error: null, models: [{ model: "fraud", stable: 1, cuts: [] }] }],
      });
    } finally {
      await project.mmsp("down", "--env", "dev");
    }
    expect(await project.mmsp("status", "--live")).toContain(
      `note: the gateway of dev at ${url}: it cannot be reached`,
    );
    project.put(file, before);
    expect(await project.mmsp("status", "--live")).toContain("mmsp up serves none");
  });
});
