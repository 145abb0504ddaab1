import { describe, expect, test } from "bun:test";
import { commands } from "../../../cli/commands.ts";
import { complete, type Names } from "../../../cli/completion/complete.ts";
import { namesAround } from "../../../cli/completion/names.ts";
import { argumentsOf } from "../../../cli/completion/placeholders.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { runGit } from "../../support/git.ts";

const here: Names = {
  environments: () => ["dev", "prod", "staging"],
  models: () => ["churn", "fraud"],
  versions: (model) => (model === "fraud" ? [11, 2, 1] : []),
  earlier: async (model, environment) => (model === "fraud" ? (environment === "prod" ? [1] : [2, 1]) : []),
  served: async (model, environment) => (model === "fraud" ? (environment === "prod" ? [2] : [11, 2]) : []),
  revisions: async () => ["HEAD", "main", "origin/main", "v1.0"],
};
const elsewhere: Names = {
  environments: () => ["test"],
  models: () => ["other"],
  versions: () => [5],
  earlier: async () => [],
  served: async () => [],
  revisions: async () => [],
};

/** What Tab offers after `line`, whose last word is being typed: a space at its end begins a new one. */
async function tab(line: string) {
  const names = (directory: string | null) => (directory === "there" ? elsewhere : here);
  return complete(line.split(" "), { commands, names });
}

const values = async (line: string) => (await tab(line)).candidates.map(({ value }) => value);

describe("the command", () => {
  test("at first every command is offered in their order, each with what it does", async () => {
    const { kind, candidates } = await tab("");
    expect(kind).toBe("words");
    expect(candidates.map(({ value }) => value)).toEqual([...Object.keys(commands), "help"]);
    for (const { description } of candidates) expect(description).not.toBeEmpty();
  });

  test("what is typed narrows it down; flags of every command may stand before it", async () => {
    expect(await values("de")).toEqual(["deploy", "demo"]);
    expect(await values("-C there de")).toEqual(["deploy", "demo"]);
    expect(await values("--json --directory there pro")).toEqual(["promote"]);
    expect(await values("nonsense")).toEqual([]);
    expect(await values("nonsense --")).toEqual([]);
    expect(await values("toString ")).toEqual([]);
    expect(await values("--v")).toContain("--version");
  });

  test("help takes a command, and only one", async () => {
    expect(await values("help dow")).toEqual(["down"]);
    expect(await values("help env")).toEqual(["environment"]);
    expect(await values("help down ")).toEqual([]);
  });
});

describe("names", () => {
  test.each([
    ["deploy ", ["churn", "fraud"]],
    ["deploy fr", ["fraud"]],
    ["status --name c", ["churn"]],
    ["deploy fraud --version ", ["11", "2", "1"]],
    ["deploy fraud --version 1", ["11", "1"]],
    ["deploy --name fraud --version ", ["11", "2", "1"]],
    ["deploy --version ", []],
    ["deploy unknown --version ", []],
    ["register fraud --version ", ["12"]],
    ["register fresh --version ", ["1"]],
    ["rollback fraud --version ", ["11", "2"]],
    ["rollback fraud --env prod --version ", ["2"]],
    ["promote fraud --to ", ["dev", "prod", "staging"]],
    ["promote fraud --env staging --to ", ["dev", "prod"]],
    ["deploy fraud --canary ", ["next"]],
    ["rollback fraud --to ", ["2", "1"]],
    ["rollback fraud --env prod --to ", ["1"]],
    ["rollback --to=", []],
    ["rollback --name fraud --to=2", ["--to=2"]],
    ["diff ", ["HEAD", "main", "origin/main", "v1.0"]],
    ["diff --env dev ma", ["main"]],
    ["ls f", ["fraud"]],
    ["status --env p", ["prod"]],
    ["-C there status --env ", ["test"]],
    ["status -C there ", ["other"]],
    ["status --directory=there --env ", ["test"]],
    ["promote fr", ["fraud"]],
    ["mlflow ", ["sync"]],
    ["mlflow sync ", ["churn", "fraud"]],
    ["completion ", ["bash", "zsh", "fish"]],
    ["completion z", ["zsh"]],
  ] as const)("%s: %p", async (line, expected) => {
    expect(await values(line)).toEqual([...expected]);
  });

  test("of models are offered by every command whose usage starts with one", async () => {
    const usages = Object.entries(commands).map(async ([name, load]) => [name, (await load()).usage] as const);
    const takers = (await Promise.all(usages)).filter(([, usage]) => /^\[?NAME\b/.test(usage));
    expect(takers.length).toBeGreaterThan(5);
    for (const [name] of takers) expect([name, await values(`${name} `)]).toEqual([name, ["churn", "fraud"]]);
  });

  test("--env=pr is understood in one word, and as bash splits it", async () => {
    expect(await values("status --env=p")).toEqual(["--env=prod"]);
    expect(await values("status --env = p")).toEqual(["prod"]);
    expect(await values("status --env =")).toEqual(["dev", "prod", "staging"]);
    expect(await values("deploy --name = fraud --version = 2")).toEqual(["2"]);
  });
});

describe("flags", () => {
  test("are offered after a dash, each once", async () => {
    expect(await values("rollback fraud --re")).toEqual(["--reason", "--repo"]);
    expect(await values("rollback fraud --reason odd --re")).toEqual(["--repo"]);
    expect(await values("down --env dev --")).not.toContain("--env");
    expect((await tab("validate --base")).candidates).toEqual([{ value: "--base", description: expect.any(String) }]);
  });

  test("are offered of themselves where --name says what the argument would", async () => {
    expect(await values("deploy --name fraud ")).toContain("--version");
    expect(await values("deploy --name fraud ")).not.toContain("churn");
  });

  test("are offered of themselves where no argument is left; never after --", async () => {
    expect(await values("validate ")).toContain("--json");
    expect(await values("deploy fraud ")).toContain("--version");
    expect(await values("deploy -- ")).toEqual(["churn", "fraud"]);
    expect(await values("deploy -- fraud ")).toEqual([]);
  });

  test.each(["register x --model-path ", "register x --metrics m", "register x --metrics=m", "loadgen --data "])(
    "%s: the shell offers its files",
    async (line) => expect(await tab(line)).toEqual({ kind: "files", candidates: [] }),
  );

  test.each(["-C ", "status --directory ", "--directory=a"])("%s: the shell offers its folders", async (line) =>
    expect(await tab(line)).toEqual({ kind: "directories", candidates: [] }),
  );

  test.each(["loadgen --rps ", "rollback --reason=", "validate --json=", "status --nonsense=x"])(
    "%s: of what nobody knows nothing is offered",
    async (line) => expect(await values(line)).toEqual([]),
  );
});

test("the arguments of a usage line are those before its first flag", () => {
  expect(argumentsOf("[NAME] [--env ENV]")).toEqual(["NAME"]);
  expect(argumentsOf("NAME VERSION --json")).toEqual(["NAME", "VERSION"]);
  expect(argumentsOf("--rps N --duration S")).toEqual([]);
  expect(argumentsOf("NAME|--all [--version V]")).toEqual(["NAME"]);
  expect(argumentsOf("sync [NAME] [--env ENV]")).toEqual(["sync", "NAME"]);
  expect(argumentsOf("bash|zsh|fish")).toEqual(["bash|zsh|fish"]);
  expect(argumentsOf("")).toEqual([]);
});

describe("the names of a working tree", () => {
  test("come from its folders, from below as well; what is no name never gets onto a command line", () => {
    using folder = temporaryFolder({
      "environments/mmsp.yaml": "broken: [",
      "environments/dev/environment.yaml": "",
      "environments/$(reboot)/environment.yaml": "",
      "environments/no-policy/models/x/deployment.yaml": "",
      "environments/registry/fraud/2/model-version.yaml": "",
      "environments/registry/fraud/10/model-version.yaml": "",
      "environments/registry/fraud/draft/model-version.yaml": "",
      "environments/registry/fraud/README.md": "",
      "environments/registry/;rm/1/model-version.yaml": "",
      "deep/below/x": "",
    });
    for (const start of [folder.path, `${folder.path}/deep/below`]) {
      const names = namesAround(start, "dev");
      expect(names.environments()).toEqual(["dev"]);
      expect(names.models()).toEqual(["fraud"]);
      expect(names.versions("fraud")).toEqual([10, 2]);
      expect(names.versions("../registry/fraud")).toEqual([]);
      expect(names.versions("unknown")).toEqual([]);
    }
  });

  test("versions to go back to are what a rollback takes: with a canary the stable one, too; none of a broken document", async () => {
    const document = (model: string, rest: string): string =>
      `apiVersion: mmsp.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: ${model}}\nspec:\n  model: ${model}\n` +
      `  stable: {version: 4, attempt: 4, since: "2026-11-20T09:12:00Z"}\n  previous: [3, 2, 1]\n${rest}`;
    const rejected =
      'rejected: [{version: 2, attempt: 2, at: "2026-11-20T09:12:00Z", phase: stable, by: guard, reason: slow}]';
    const canary = 'canary: {version: 5, attempt: 5, since: "2026-11-20T09:12:00Z", weight: 5}';
    using folder = temporaryFolder({
      "environments/mmsp.yaml": "",
      "environments/dev/models/a/deployment.yaml": document("a", `  ${rejected}\n`),
      "environments/prod/models/a/deployment.yaml": document("a", `  ${canary}\n`),
      "environments/dev/models/b/deployment.yaml": "spec: [",
    });
    const names = namesAround(folder.path, "dev");
    expect(await names.earlier("a", null)).toEqual([3, 1]);
    expect(await names.earlier("a", "prod")).toEqual([4, 3, 2, 1]);
    expect(await names.served("a", null)).toEqual([4]);
    expect(await names.served("a", "prod")).toEqual([5, 4]);
    for (const model of ["b", "c", "../a", ""]) {
      expect([...(await names.earlier(model, null)), ...(await names.served(model, null))]).toEqual([]);
    }
    expect(await names.earlier("a", "../dev")).toEqual([]);
  });

  test("commits are called HEAD, or by branches and tags that a shell takes as they are", async () => {
    using folder = temporaryFolder({ "environments/mmsp.yaml": "" });
    expect(await namesAround(folder.path, "dev").revisions()).toEqual([]);
    const git = (...args: readonly string[]) => runGit(folder.path, args);
    await git("init", "--quiet", "--initial-branch=main");
    await git("commit", "--quiet", "--allow-empty", "--message", "x");
    for (const name of ["feature/x-1", "$(reboot)", "a;b", "it's"]) await git("branch", name);
    await git("tag", "v1.0");
    await git("update-ref", "refs/remotes/origin/main", "HEAD");
    await git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
    const { revisions } = namesAround(folder.path, "dev");
    expect(await revisions()).toEqual(["HEAD", "feature/x-1", "main", "origin/main", "v1.0"]);
  });

  test("outside of a project there are none", async () => {
    using folder = temporaryFolder();
    const names = namesAround(folder.path, "dev");
    expect([...names.environments(), ...names.models(), ...names.versions("fraud")]).toEqual([]);
    expect([...(await names.earlier("fraud", null)), ...(await names.revisions())]).toEqual([]);
  });
});
