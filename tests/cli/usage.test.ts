import { describe, expect, setDefaultTimeout, test } from "bun:test";
import pkg from "../../package.json" with { type: "json" };
import { commands } from "../../cli/commands.ts";
import { createStyle } from "../../cli/style.ts";
import { HelpOutput } from "../../schemas/output/help.ts";
import { temporaryFolder } from "../support/folder.ts";
import { cliEnv, jsonOf, main, makeProject, runCli } from "./run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const verbs = Object.keys(commands);
const escape = "\u001b";

describe("help", () => {
  test("the overview names every command, and is what mmsp alone, help, -h and --help print", async () => {
    const all = await Promise.all([[], ["help"], ["-h"], ["--help"]].map((args) => runCli(args)));
    const [{ stdout }] = all as [(typeof all)[number]];
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^  ${verb} +\\S`, "m"));
    for (const ran of all) expect(ran).toEqual({ stdout, stderr: "", exitCode: 0 });
  });

  test("each command says what it does, its flags and examples, in lines that fit a terminal", async () => {
    for (const verb of verbs) {
      const { stdout, stderr, exitCode } = await runCli([verb, "--help"]);
      expect({ verb, stderr, exitCode }).toEqual({ verb, stderr: "", exitCode: 0 });
      expect(stdout).toContain(`Usage: mmsp ${verb}`);
      expect(stdout).toMatch(/\nFlags:\n[^]*\nExamples:\n {2}mmsp /);
      expect(stdout.split("\n").filter((line) => line.length > 120)).toEqual([]);
    }
  });

  test("help deploy, deploy -h and deploy --help are one text, whatever else stands there", async () => {
    const asked = [
      ["help", "deploy"],
      ["deploy", "-h"],
      ["deploy", "--help"],
      ["deploy", "fraud", "--help"],
      ["--help", "deploy"],
      ["-h", "deploy"],
    ];
    const texts = await Promise.all(asked.map(async (args) => (await runCli(args)).stdout));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain("--canary W");
  });

  test("--json has the same for programs: of everything, of a command, and of the variables", async () => {
    const helpOf = async (line: string) => HelpOutput.parse(jsonOf(await runCli(line.split(" "))));
    const all = await helpOf("help --json");
    expect(all).toMatchObject({ kind: "overview", topics: [{ name: "environment" }] });
    if (all.kind === "overview") expect(all.commands.map(({ name }) => name)).toEqual(verbs);
    for (const line of ["--help --json", "--json help", "-h --json"]) expect(await helpOf(line)).toEqual(all);

    const deploy = await helpOf("help deploy --json");
    expect(deploy).toMatchObject({
      kind: "command",
      name: "deploy",
      usage: expect.stringContaining("NAME --version V"),
    });
    if (deploy.kind !== "command") throw new Error("not of a command");
    expect(deploy.flags).toContainEqual(expect.objectContaining({ name: "version", value: "V", multiple: false }));
    expect(deploy.flags).toContainEqual(expect.objectContaining({ name: "directory", short: "C", value: "DIR" }));
    expect(deploy.flags).toContainEqual(expect.objectContaining({ name: "local", value: null }));
    for (const line of ["deploy --help --json", "deploy fraud --json -h", "--help --json deploy"])
      expect(await helpOf(line)).toEqual(deploy);

    const variables = await helpOf("help environment --json");
    if (variables.kind !== "environment") throw new Error("not of the variables");
    const names = variables.groups.flatMap((group) => group.variables.flatMap((variable) => variable.names));
    expect(names).toEqual(expect.arrayContaining(["MMSP_ENV", "GITHUB_TOKEN", "GH_TOKEN"]));
    expect(names.filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([]);
    expect(await helpOf("help --json environment")).toEqual(variables);
    expect(await runCli(["help", "nonsense", "--json"])).toMatchObject({ exitCode: 2 });
  });

  test("--version, -v and version print the version, also through bunx in the clone", async () => {
    expect((await runCli(["--help"])).stdout).toContain("\n  mmsp --version ");
    for (const flag of ["--version", "-v", "version"]) expect((await runCli([flag])).stdout).toBe(`${pkg.version}\n`);
    const bunx = Bun.spawn([process.execPath, "x", "--no-install", "mmsp", "--version"], {
      cwd: `${import.meta.dir}/../..`,
      env: cliEnv(),
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await bunx.stdout.text()).toBe(`${pkg.version}\n`);
    expect(await bunx.exited).toBe(0);
  });
});

describe("a wrong command line", () => {
  const wrong: readonly (readonly [string, string, string])[] = [
    ["deplyo", 'unknown command "deplyo"; did you mean "mmsp deploy"?', "mmsp --help"],
    ["help nonsense", 'unknown command "nonsense"', "mmsp --help"],
    ["stauts", 'unknown command "stauts"; did you mean "mmsp status"?', "mmsp --help"],
    ["hlep", 'unknown command "hlep"; did you mean "mmsp help"?', "mmsp --help"],
    ["help statsu", 'unknown command "statsu"; did you mean "mmsp status"?', "mmsp --help"],
    ["help environmnet", 'there is no help about "environmnet"; did you mean "mmsp help environment"?', "mmsp --help"],
    ["--jsn status", "unknown flag --jsn; did you mean --json?", "mmsp --help"],
    ["--frobnicate", "unknown flag --frobnicate", "mmsp --help"],
    ["deploy fraud --versio 3", "unknown flag --versio; did you mean --version?", "mmsp deploy --help"],
    ["deploy", "which model? Give its name", "mmsp deploy --help"],
    ["deploy fraud", "--version is missing: which version?", "mmsp deploy --help"],
    ["deploy fraud --version", "--version takes a value", "mmsp deploy --help"],
    ["deploy fraud --version two", '--version takes a whole number, not "two"', "mmsp deploy --help"],
    [
      "deploy fraud --version 1 --canary --env dev",
      "--canary takes a value; one that starts with a dash",
      "mmsp deploy --help",
    ],
    ["deploy fraud churn --version 1", 'unexpected argument "churn"', "mmsp deploy --help"],
    ["deploy fraud --name churn --version 1", 'the model is "fraud" and --name "churn"', "mmsp deploy --help"],
    ["deploy fraud --version 1 --local=yes", "--local takes no value", "mmsp deploy --help"],
    ["deploy fraud --version 1 --local --repo a/b", "--local and --repo exclude each other", "mmsp deploy --help"],
    [
      "deploy fraud --version 1 --repo nonsense",
      '--repo takes OWNER/NAME or the address of a git remote, not "nonsense"',
      "mmsp deploy --help",
    ],
    ["deploy fraud --version 1 --base ../x", '--base takes the name of a branch, not "../x"', "mmsp deploy --help"],
    ["rollback fraud --commit --local", "--commit and --local exclude each other", "mmsp rollback --help"],
    ["status --base main", "--base names a branch of --repo", "mmsp status --help"],
    ["validate --base main", "--base names a branch of --repo", "mmsp validate --help"],
    ["register fraud", "--model-path is missing", "mmsp register --help"],
    ["up --grpc-port 65536", "--grpc-port takes a number from 0 to 65535, not 65536", "mmsp up --help"],
    ["up --port 9 --grpc-port 9", "--port and --grpc-port cannot both be 9", "mmsp up --help"],
    ["up --port 99999", "--port takes a number from 0 to 65535, not 99999", "mmsp up --help"],
    ["loadgen --rps 0 --duration 1", '--rps takes a number above 0, not "0"', "mmsp loadgen --help"],
    ["-C", "which command?", "mmsp --help"],
    ["verison", 'unknown command "verison"; did you mean "mmsp version"?', "mmsp --help"],
    ["--help deplyo", 'unknown command "deplyo"; did you mean "mmsp deploy"?', "mmsp --help"],
    ["deploy fraud --version 0", '--version takes a whole number from 1, not "0"', "mmsp deploy --help"],
    ["rollback fraud --to v0", '--to takes a whole number from 1, not "v0"', "mmsp rollback --help"],
    [
      "deploy fraud --version 1 --canary nxt",
      '--canary takes a whole percentage from 0 to 100, or next, not "nxt"; did you mean next?',
      "mmsp deploy --help",
    ],
    [
      "deploy fraud --version 1 --canary 101",
      '--canary takes a whole percentage from 0 to 100, or next, not "101"',
      "mmsp deploy --help",
    ],
    [
      "deploy fraud --version 1 --canary=-1",
      '--canary takes a whole percentage from 0 to 100, or next, not "-1"',
      "mmsp deploy --help",
    ],
    [
      "deploy fraud --version 1 --steps 50,10",
      '--steps takes at most 20 whole percentages from 1 to 100, the smallest first, not "50,10"',
      "mmsp deploy --help",
    ],
    ["deploy fraud 2", 'unexpected argument "2"; did you mean --version 2?', "mmsp deploy --help"],
    ["rollback fraud v1", 'unexpected argument "v1"; did you mean --to v1?', "mmsp rollback --help"],
    [
      "register fraud model.onnx",
      'unexpected argument "model.onnx"; did you mean --model-path model.onnx?',
      "mmsp register --help",
    ],
    ["deploy fraud 2 --version 3", 'unexpected argument "2"', "mmsp deploy --help"],
    [
      "get models",
      'unknown command "get"; did you mean "mmsp list" (what is registered) or "mmsp status"',
      "mmsp --help",
    ],
    ["describe fraud", 'unknown command "describe"; did you mean "mmsp show"?', "mmsp --help"],
    ["apply -f x.yaml", 'unknown command "apply"; did you mean "mmsp deploy"? Merging the pull request', "mmsp --help"],
    ["rollout undo", 'unknown command "rollout"; did you mean "mmsp rollback"?', "mmsp --help"],
    ["help logs", 'unknown command "logs"; did you mean "mmsp history"?', "mmsp --help"],
    ["status -o json", "unknown flag -o; did you mean --json?", "mmsp status --help"],
    ["status -ojson", "unknown flag -o; did you mean --json?", "mmsp status --help"],
    ["status --output=json", "unknown flag --output; did you mean --json?", "mmsp status --help"],
    ["-o json status", "unknown flag -o; did you mean --json?", "mmsp --help"],
    ["--output=json status", "unknown flag --output; did you mean --json?", "mmsp --help"],
    ["deploy fraud --version 2 -n prod", "unknown flag -n; did you mean --env?", "mmsp deploy --help"],
    ["wait --web", "unknown flag --web; no browser is opened: addresses are printed", "mmsp wait --help"],
  ];

  test.each(wrong)("%s: exit code 2, the reason and where to look", async (line, message, hint) => {
    const ran = await runCli(line.split(" "));
    expect(ran).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ran.stderr).toStartWith(`error: ${message}`);
    expect(ran.stderr).toEndWith(`\n  hint: ${hint}\n`);
    expect(ran.stderr.split("\n")).toHaveLength(3);
  });

  test.each(["--json", "deplyo --json", "--json deploy", "deploy --json --versio 3", "status --json --base"])(
    "%s: as one JSON object, with exit code 2 as well",
    async (line) => {
      const ran = await runCli(line.split(" "));
      expect(ran.exitCode).toBe(2);
      expect(jsonOf(ran)).toEqual({
        status: "refused",
        problems: [{ code: "usage", message: expect.any(String), hint: expect.stringMatching(/^mmsp .*--help$/) }],
      });
    },
  );
});

test("ls is list, wherever its name may stand", async () => {
  using project = await makeProject({ serving: true });
  const { stdout } = await project.run(["list", "fraud"]);
  for (const args of [
    ["ls", "fraud"],
    ["--json", "ls", "fraud"],
  ])
    expect((await project.run(args)).exitCode).toBe(0);
  expect((await project.run(["ls", "fraud"])).stdout).toBe(stdout);
  expect((await project.run(["help", "ls"])).stdout).toStartWith("List the models");
  expect((await project.run(["ls", "--jsn"])).stderr).toEndWith("did you mean --json?\n  hint: mmsp list --help\n");
});

describe("where and how", () => {
  test("-C works as if started there, before the command or after it", async () => {
    using project = await makeProject();
    for (const args of [
      ["-C", project.path, "status"],
      ["status", "-C", project.path],
      ["-C", project.path, "status"],
    ]) {
      expect(await runCli(args)).toMatchObject({ exitCode: 0, stderr: "" });
    }
    const nowhere = await runCli(["-C", `${project.path}/nowhere`, "status"]);
    expect(nowhere).toMatchObject({ exitCode: 2, stdout: "" });
    expect(nowhere.stderr).toContain(`-C: there is no folder "${project.path}/nowhere"`);
  });

  test("outside of a project every command says so, and that init is the way", async () => {
    using folder = temporaryFolder();
    for (const args of [["status"], ["validate"], ["up"], ["down"], ["deploy", "fraud", "--version", "1", "--local"]]) {
      const { stderr, exitCode } = await runCli(args, { cwd: folder.path });
      expect(exitCode).toBe(1);
      expect(stderr).toContain("no environments/mmsp.yaml here or in a folder above\n  hint: run `mmsp init`");
    }
  });

  test("a pipe gets no escape codes, whatever the terminal is called", async () => {
    using project = await makeProject({ serving: true });
    const env = { TERM: "xterm-256color", COLORTERM: "truecolor" };
    for (const args of [["status"], ["deploy", "fraud", "--version", "9", "--local"], ["validate"], ["nonsense"]]) {
      const { stdout, stderr } = await project.run(args, env);
      expect(stdout + stderr).not.toBeEmpty();
      expect(stdout + stderr).not.toContain(escape);
    }
  });

  test("a terminal gets colours, unless NO_COLOR or a dumb terminal ask for none", () => {
    expect(createStyle(true, {}).red("x")).toBe(`${escape}[31mx${escape}[39m`);
    expect(createStyle(true, { NO_COLOR: "" }).red("x")).toContain(escape);
    expect(createStyle(true, { NO_COLOR: "1" }).red("x")).toBe("x");
    expect(createStyle(true, { TERM: "dumb" }).red("x")).toBe("x");
    expect(createStyle(false, {}).red("x")).toBe("x");
  });

  test("a reader that leaves early is no failure", async () => {
    using project = await makeProject({ serving: true });
    for (const args of ["status", "--help", "status --json", "validate"]) {
      // The reader has gone by the time that anything is written.
      const line = `{ sleep 0.05; exec "$0" "$1" ${args}; } | true; echo "\${PIPESTATUS[0]}"`;
      const shell = Bun.spawn(["bash", "-c", line, process.execPath, main], {
        cwd: project.path,
        env: cliEnv(),
        stdout: "pipe",
        stderr: "pipe",
      });
      expect(await shell.stderr.text()).toBe("");
      expect(await shell.stdout.text()).toBe("0\n");
    }
  });
});
