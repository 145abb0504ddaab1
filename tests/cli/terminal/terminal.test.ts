/** The real command on a real terminal. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Forge } from "../../../cli/demo/forge/server.ts";
import { startCheckedForge } from "../../support/checked-forge.ts";
import { expectOutput } from "../../support/output.ts";
import { runGit, temporaryDirectory } from "../../support/git.ts";
import { cliEnv, main, makeProject, runCli, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const escape = "\u001b";
const erase = `\r${escape}[2K`;
const colours = new RegExp(`${escape}\\[\\d+m`);

interface OnTerminal {
  readonly process: Bun.Subprocess;
  /** Its exit code, when everything that it wrote has been read. */
  readonly exited: Promise<number>;
  /** Resolves when this has been drawn. */
  shows(text: string | RegExp): Promise<void>;
  /** Every byte that was written to the terminal. */
  bytes(): string;
  /** What a person sees at the end. */
  screen(): string;
}

interface TerminalOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the shell puts behind the command. */
  readonly redirect?: string;
  /** There is no shell: the process is the command itself, which signals reach. It does not say when it is over. */
  readonly isAlone?: boolean;
}

/** `mmsp ARGS` on a pseudo terminal. */
function onTerminal(
  args: readonly string[],
  { cwd, env = {}, redirect = "", isAlone = false }: TerminalOptions,
): OnTerminal {
  const decoder = new TextDecoder();
  let text = "";
  let more = Promise.withResolvers<void>();
  const terminal = new Bun.Terminal({
    cols: 100,
    rows: 30,
    data(_, chunk) {
      text += decoder.decode(chunk, { stream: true });
      more.resolve();
      more = Promise.withResolvers();
    },
  });
  // What is written last may come after the end of the process: so the shell says when it is over.
  const line = `"$@" ${redirect}; echo "<exit $?>"`;
  const command = [...(isAlone ? [] : ["bash", "-c", line, "-"]), process.execPath, main, ...args];
  const child = Bun.spawn(command, { cwd, env: cliEnv({ TERM: "xterm-256color", ...env }), terminal });
  const shows = async (wanted: string | RegExp): Promise<void> => {
    while (typeof wanted === "string" ? !text.includes(wanted) : !wanted.test(text)) await more.promise;
  };
  const end = /<exit (\d+)>\r\n$/;
  const exited = shows(end).then(() => {
    terminal.close();
    return Number(end.exec(text)?.[1]);
  });
  return {
    process: child,
    exited,
    shows,
    bytes: () => text,
    screen: () =>
      text
        .split("\r\n")
        .map((line) => Bun.stripANSI(line.slice(Math.max(line.lastIndexOf(erase), 0))))
        .join("\n"),
  };
}

let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
});

afterAll(() => project[Symbol.dispose]());

describe("colour", () => {
  test("is there on a terminal, also with an empty NO_COLOR; not under NO_COLOR, not on a dumb one", async () => {
    const run = async (env: Record<string, string>) => {
      const shown = onTerminal(["status"], { cwd: project.path, env });
      expect(await shown.exited).toBe(0);
      expect(shown.screen()).toContain("fraud");
      return colours.test(shown.bytes());
    };
    expect(await run({})).toBe(true);
    expect(await run({ NO_COLOR: "" })).toBe(true);
    expect(await run({ NO_COLOR: "1" })).toBe(false);
    expect(await run({ NO_COLOR: "false", FORCE_COLOR: "1" })).toBe(false);
    expect(await run({ TERM: "dumb" })).toBe(false);
    const piped = await project.run(["status"], { FORCE_COLOR: "1", TERM: "xterm-256color" });
    expect(piped.stdout).not.toContain(escape);
  });

  test("is of each stream by itself: an error that goes into a file has none, one on the terminal has", async () => {
    const into = async (redirect: string) => {
      const shown = onTerminal(["deploy", "fraud", "--version", "9", "--local"], { cwd: project.path, redirect });
      expect(await shown.exited).toBe(1);
      return shown.bytes();
    };
    expect(await into("2>errors.txt")).not.toContain(escape);
    expect(project.read("errors.txt")).toStartWith("error: ");
    expect(await into(">results.txt")).toContain(`${escape}[31merror:${escape}[39m`);
  });
});

test("show folds what is longer than the terminal is wide, and in a pipe keeps its lines", async () => {
  using other = await makeProject({ serving: true });
  const reason = "scores drift on weekends and holidays, and whenever the shop in Vienna is closed";
  await other.mmsp("deploy", "fraud", "--version", "2", "--local");
  await other.mmsp("rollback", "fraud", "--reason", reason, "--local");
  const shown = onTerminal(["show", "fraud", "2"], { cwd: other.path });
  expect(await shown.exited).toBe(0);
  const [, rejected = ""] = shown.screen().split("Rejected\n");
  expect(rejected).not.toContain(reason);
  expect(rejected.replaceAll(/\s+/g, " ")).toContain(reason);
  expect(rejected.split("\n").every((line) => line.length <= 100)).toBe(true);
  expect(await other.mmsp("show", "fraud", "2")).toContain(`  ${reason}\n`);
});

test("a tree that lacks what was fetched says so on a terminal, beside what it shows, and to nobody else", async () => {
  using origin = await makeProject({ serving: true });
  using clone = await makeProject({ serving: true });
  await clone.git("remote", "add", "origin", origin.path);
  await clone.git("fetch", "--quiet", "origin");
  await clone.git("reset", "--quiet", "--hard", "origin/main");
  await clone.git("branch", "--quiet", "--set-upstream-to=origin/main");
  const commands = [["status"], ["history", "fraud"], ["diff"], ["diff", "--env", "dev", "--env", "prod"]];
  const note = /^note: this tree is (.*)$/m;
  const screenOf = async (args: readonly string[]) => {
    const shown = onTerminal(args, { cwd: clone.path });
    expect(await shown.exited).toBe(0);
    return shown.screen();
  };
  for (const args of commands) expect(await screenOf(args)).not.toMatch(note);
  await origin.git("commit", "--quiet", "--allow-empty", "--message", "Theirs");
  await clone.git("fetch", "--quiet", "origin");
  for (const args of commands) {
    expect(note.exec(await screenOf(args))?.[1], args.join(" ")).toBe(
      "1 commit behind origin/main, as of the last fetch: git pull",
    );
    expect(await clone.run(args)).toMatchObject({ stderr: "" });
  }
});

describe("the progress line", () => {
  /** Answers nothing before `release`, and then that there is nothing. */
  function slowGitHub() {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = Bun.serve({
      port: 0,
      idleTimeout: 0,
      fetch: async () => {
        await promise;
        return Response.json({ message: "Not Found" }, { status: 404 });
      },
    });
    const env = { GITHUB_API_URL: server.url.origin, GITHUB_TOKEN: "writer-token-0123456789" };
    return { env, release: resolve, [Symbol.dispose]: () => void server.stop(true) };
  }
  const args = ["status", "--repo", "acme/models"];

  test("says on a terminal what is waited for, and is gone when the command has ended", async () => {
    using github = slowGitHub();
    const { env } = github;
    const cwd = project.path;
    const shown = onTerminal(args, { cwd, env });
    const dumb = onTerminal(args, { cwd, env: { ...env, TERM: "dumb" } });
    const plain = onTerminal(args, { cwd, env: { ...env, NO_COLOR: "1" } });
    const piped = runCli(args, { cwd, env });
    await Promise.all([shown.shows("reading acme/models"), plain.shows("reading acme/models")]);
    github.release();
    expect(await Promise.all([shown.exited, dumb.exited, plain.exited])).toEqual([1, 1, 1]);
    for (const one of [shown, plain]) {
      expect(one.screen().replace(/^\r/, "")).toStartWith("error: ");
      expect(one.screen()).not.toMatch(/reading acme\/models \d/);
    }
    expect(plain.bytes()).not.toMatch(colours);
    for (const text of [dumb.bytes(), (await piped).stderr]) {
      expect(text).toStartWith("error: ");
      expect(text).not.toContain(erase);
    }
  });

  test.each(["SIGINT", "SIGTERM"] as const)("is gone after %s, which ends the command as ever", async (signal) => {
    using github = slowGitHub();
    const shown = onTerminal(args, { cwd: project.path, env: github.env, isAlone: true });
    await shown.shows("reading acme/models");
    shown.process.kill(signal);
    await shown.process.exited;
    expect(shown.process.signalCode).toBe(signal);
    await shown.shows(new RegExp(`${escape}\\[2K$`));
  });

  test("of a command that is quick nothing is drawn", async () => {
    const shown = onTerminal(["completion", "bash"], { cwd: project.path });
    expect(await shown.exited).toBe(0);
    expect(shown.bytes()).not.toContain(erase);
  });
});

describe("--verbose", () => {
  const token = "writer-token-0123456789";
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let forge: Forge;

  beforeAll(async () => {
    folder = await temporaryDirectory();
    const users = { [token]: { login: "grace", permission: "write" } } as const;
    forge = await startCheckedForge({ directory: folder.path, owner: "acme", repo: "models", users });
    await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
  });

  afterAll(async () => {
    await forge.stop();
    await folder[Symbol.asyncDispose]();
  });

  test("shows each call to GitHub on stderr and nothing secret; the result is on stdout as ever", async () => {
    const env = { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: token };
    const args = ["deploy", "fraud", "--version", "2", "--json"];
    for (const line of [
      ["--verbose", ...args],
      [...args, "--verbose"],
    ]) {
      const ran = await project.run(line, env);
      expect(ran.exitCode).toBe(0);
      expectOutput("deploy", JSON.parse(ran.stdout));
      expect(ran.stderr).toMatch(/^(?:[A-Z]+ http:\/\/\S+(?: \w+)?: 2\d\d in \d+ ms(?:, \d+ left)?\n)+$/);
      expect(ran.stderr).toMatch(/^POST http:\/\/\S+\/graphql \w+: 200 in /);
      expect(ran.stdout + ran.stderr).not.toContain(token);
    }
  });

  test("of commands that call nobody shows nothing", async () => {
    expect((await project.run(["status", "--verbose"])).stderr).toBe("");
  });
});
