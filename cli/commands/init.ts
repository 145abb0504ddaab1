import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import pkg from "../../package.json" with { type: "json" };
import { fail } from "../../schemas/problem.ts";
import type { Command } from "../command.ts";
import { shared, UsageError } from "../flags.ts";

/** The files that a repository starts with; `{{name}}` stands for what init knows. */
const templates = new URL("../../templates/project/", import.meta.url).pathname;

export const init: Command = {
  summary: "Lay out environments/ in a repository; you commit and push it",
  usage: "[--repo OWNER/NAME] [--base BRANCH]",
  details: "Writes only files that are not there yet, and nothing outside the working tree.",
  flags: {
    repo: { ...shared.repo, help: "repository on GitHub; default: of the remote origin" },
    base: { ...shared.base, help: "base branch; default: main" },
  },
  maxArgs: 0,
  examples: ["mmsp init", "mmsp init --repo acme/models", "mmsp init -C ../models --repo acme/models"],

  async run(input, context) {
    const { cwd, edges } = context;
    if (!existsSync(cwd) || !statSync(cwd).isDirectory()) {
      fail({
        code: "folder-missing",
        file: cwd,
        message: "there is no such folder",
        hint: "create it, or name another with -C",
      });
    }
    const repository = input.text("repo") ?? (await edges.gitFacts(cwd)).repository;
    if (repository === null) {
      throw new UsageError(
        "which repository? There is no remote origin on GitHub here: name it with --repo OWNER/NAME",
      );
    }
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/.test(repository)) {
      throw new UsageError(`--repo takes OWNER/NAME, not "${repository}"`);
    }
    const values: Record<string, string> = {
      repository,
      baseBranch: input.text("base") ?? "main",
      version: pkg.version,
    };
    const wrote: string[] = [];
    const kept: string[] = [];
    for (const path of [...new Glob("**/*").scanSync({ cwd: templates, dot: true })].toSorted()) {
      const target = join(cwd, path);
      if (existsSync(target)) {
        kept.push(path);
        continue;
      }
      const text = await Bun.file(join(templates, path)).text();
      await mkdir(dirname(target), { recursive: true });
      await writeFile(
        target,
        text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? ""),
        { flag: "wx" },
      );
      wrote.push(path);
    }
    const lines = [
      ...wrote.map((path) => `  wrote ${path}`),
      ...kept.map((path) => `  kept  ${path} (it was there)`),
      "",
      wrote.length === 0 ? "nothing to do: everything is there" : "Next: commit and push these files, then",
      ...(wrote.length === 0 ? [] : ["  mmsp register NAME --model-path model.onnx"]),
      "",
    ];
    return {
      kind: "report",
      text: lines.join("\n"),
      json: { status: wrote.length === 0 ? "skipped" : "written", repository, wrote, kept },
      ok: true,
    };
  },
};
