import type { DiffOutput } from "../../schemas/output/diff.ts";
import { ProblemError } from "../../schemas/problem.ts";
import { readTree, type ReadTree } from "../../schemas/read-tree.ts";
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { inPromotionOrder, placeOf, root, type Tree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, shared, UsageError, type Input } from "../flags.ts";
import { diffEnvironments, diffTrees, type Difference } from "../gitops/core/diff-environments.ts";
import { environmentProblems } from "../gitops/core/names.ts";
import type { Outcome } from "../outcome.ts";
import type { Style } from "../style.ts";
import { renderTable } from "../table.ts";
import { noteBehind } from "./behind-note.ts";
import { remoteOf } from "./remote.ts";
import { looksAtGitHub, readDocuments, validName } from "./target.ts";

export const diff: Command = {
  summary: "Show what the working tree changes, or where two environments differ, in terms of models",
  usage: "[COMMIT] [--env ENV [--env ENV]] [--exit-code]",
  details:
    "Without two environments: the working tree against COMMIT, by default HEAD; with --repo against the branch on GitHub.\n" +
    "One --env shows that environment alone. With two: where they differ in versions, weights and objectives.",
  flags: {
    env: { ...shared.env, multiple: true, help: "only this environment; given twice, the two are compared" },
    "exit-code": { type: "boolean", help: "exit with 1 where there are differences, or may be: a file cannot be read" },
    ...reading,
    repo: { ...shared.repo, help: "compare with a branch on GitHub; with two environments, read that branch" },
  },
  maxArgs: 1,
  examples: ["mmsp diff", "mmsp diff origin/main --env prod --exit-code", "mmsp diff --env staging --env prod"],

  async run(input, context) {
    const environments = input.texts("env").map((name) => validName("environment", name));
    const [left, right, third] = environments;
    if (third !== undefined) throw new UsageError("--env is given twice at most: two environments are compared");
    if (left === undefined || right === undefined) return diffTree(left ?? null, input, context);
    if (left === right) throw new UsageError(`"${left}" is compared with itself: name two environments`);
    if (input.args.length > 0) throw new UsageError("a commit and two environments exclude each other");
    return diffTwo(left, right, input, context);
  },
};

async function diffTree(environment: string | null, input: Input, context: Context): Promise<Outcome> {
  const tree = context.edges.findTree(context.cwd);
  const files = await tree.readAll();
  if (!looksAtGitHub(input)) await noteBehind(context);
  const base = await baseOf(tree.root, files, input, context);
  if (environment !== null) requireEnvironment(environment, new Map([...base.files, ...files]));
  const { differences: all, unreadable } = compare(base.files, files);
  const differences = all.filter((difference) => environment === null || difference.environment === environment);
  const { style } = context;
  const lines = differences.map((difference) => lineOf(difference, style));
  const missed = unreadable.filter((path) => environment === null || isOf(environment, path));
  const none = missed.length === 0 ? `no difference to ${base.name}` : `nothing else differs from ${base.name}`;
  const text = lines.length === 0 ? `${none}\n` : `${lines.join("\n")}\n`;
  const json: DiffOutput = {
    kind: "tree",
    base: base.name,
    commit: base.commit,
    differences: [...differences],
    unreadable,
  };
  return outcomeOf(input, differences.length + missed.length, text + brokenNote(unreadable, style), json);
}

/** A document that cannot be read on one side is not compared: it would look as if it came or went. */
function compare(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) {
  // What both sides say alike need not be read to see that.
  const isAlike = (path: string): boolean => before.get(path) === after.get(path);
  const sides = [before, after].map((side) => readTree(new Map([...side].filter(([path]) => !isAlike(path)))));
  const unreadable = brokenFiles(sides);
  const [left, right] = sides.map(({ read }) => {
    const texts = [...read]
      .filter(([path]) => !unreadable.includes(path))
      .map(([path, { text }]) => [path, text] as const);
    return readTree(new Map(texts), read).tree;
  });
  const order = inPromotionOrder(policiesOf(after));
  return { differences: left === undefined || right === undefined ? [] : diffTrees(left, right, order), unreadable };
}

function policiesOf(files: ReadonlyMap<string, string>): Tree {
  return readTree(new Map([...files].filter(([path]) => placeOf(path)?.kind === "environment"))).tree;
}

async function baseOf(root: string, files: ReadonlyMap<string, string>, input: Input, context: Context) {
  const [revision] = input.args;
  if (!looksAtGitHub(input)) {
    const name = revision ?? "HEAD";
    return { name, ...(await context.edges.documentsAt(root, name, files)) };
  }
  if (revision !== undefined) throw new UsageError("a commit and --repo exclude each other");
  const remote = await remoteOf(input, context);
  const forge = await context.edges.openForge(remote);
  const { head, files: theirs } = await forge.read({ models: null, environments: [] });
  return { name: `${remote.repository} ${remote.baseBranch}`, commit: head, files: theirs };
}

async function diffTwo(left: string, right: string, input: Input, context: Context): Promise<Outcome> {
  const files = await readDocuments(input, context);
  if (!looksAtGitHub(input)) await noteBehind(context);
  for (const environment of [left, right]) requireEnvironment(environment, files);
  const read = readTree(files);
  const differences = diffEnvironments(withSettings(read.tree, readSettings(context.env)), left, right);
  const unreadable = brokenFiles([read]);
  const { style } = context;
  const rows = differences.map(({ model, what, values }) => [model, what, values[0] ?? "-", values[1] ?? "-"]);
  const columns = ["MODEL", "WHAT", left.toUpperCase(), right.toUpperCase()];
  const missed = unreadable.filter((path) => isOf(left, path) || isOf(right, path));
  const same = missed.length === 0 ? `${left} and ${right} say the same` : `else ${left} and ${right} say the same`;
  const text = rows.length === 0 ? `${same}\n` : renderTable(columns, rows, style);
  const json: DiffOutput = {
    kind: "environments",
    environments: [left, right],
    differences: differences.map((difference) => ({ ...difference })),
    unreadable,
  };
  return outcomeOf(input, differences.length + missed.length, text + brokenNote(unreadable, style), json);
}

/** `count`: of differences, and of documents that may hide one. */
function outcomeOf(input: Input, count: number, text: string, json: DiffOutput): Outcome {
  return { kind: "report", text, json, ok: !input.on("exit-code") || count === 0 };
}

/** Some document stands in its folder, or a ProblemError tells which there are. */
function requireEnvironment(name: string, files: ReadonlyMap<string, string>): void {
  const folders = [...files.keys()].flatMap(
    (path) => /^environments\/([^/]+)\/(?:environment\.yaml|models\/)/.exec(path)?.[1] ?? [],
  );
  const environmentNames = [...new Set(folders)];
  if (environmentNames.includes(name)) return;
  const tree = policiesOf(files);
  throw new ProblemError(environmentProblems({ tree, environmentNames, modelNames: [], proposals: [], now: "" }, name));
}

/** `fraud prod: canary 3 10 % -> 50 %`. */
function lineOf(difference: Difference, style: Style): string {
  const { environment, model, version, what, from, to } = difference;
  const subject = [model, version, environment].filter((part) => part !== null).join(" ") || "mmsp.yaml";
  return `${style.bold(subject)}: ${what} ${changeOf(from, to, style)}`;
}

function changeOf(from: string | null, to: string | null, style: Style): string {
  if (from === null) return style.green(`+ ${to ?? ""}`);
  return to === null ? style.red(`- ${from}`) : `${style.red(from)} -> ${style.green(to)}`;
}

function isOf(environment: string, path: string): boolean {
  return path.startsWith(`${root}/${environment}/`);
}

function brokenFiles(states: readonly ReadTree[]): string[] {
  return [...new Set(states.flatMap(({ problems }) => problems.map(({ file }) => file ?? "")))];
}

function brokenNote(files: readonly string[], style: Style): string {
  return files.map((file) => `${style.yellow("note:")} ${file} cannot be read, and was not compared\n`).join("");
}
