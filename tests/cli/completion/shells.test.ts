import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { scripts } from "../../../cli/completion/scripts.ts";
import { cliEnv, main, makeProject, runCli, type Project } from "../run-cli.ts";

// Each Tab is a process.
setDefaultTimeout(60_000);

let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
  await project.mmsp("deploy", "fraud", "--version", "2", "--local");
  project.put("metrics file.json", "{}");
  project.put("bin/mmsp", `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(`${project.path}/bin/mmsp`, 0o755);
});

afterAll(() => project[Symbol.dispose]());

/** What a real bash completes, in one process: `words` as it would split the line, the last one under the cursor. */
async function bash(lines: readonly (readonly string[])[]): Promise<readonly (readonly string[])[]> {
  const asked = lines.map(
    (words) => `COMP_WORDS=("$MMSP" ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _mmsp
    printf '%s\\n' "\${COMPREPLY[@]}" ---`,
  );
  const text = ['eval "$("$MMSP" completion bash)"', "complete -p mmsp", ...asked].join("\n");
  const child = Bun.spawn(["bash", "--noprofile", "--norc", "-c", text], {
    cwd: project.path,
    env: { ...cliEnv(), MMSP: `${project.path}/bin/mmsp` },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await child.stderr.text()).toBe("");
  const [registered = "", ...out] = (await child.stdout.text()).split("\n");
  expect(registered).toMatch(/^complete .*-F _mmsp mmsp$/);
  return out
    .join("\n")
    .split("---\n")
    .slice(0, -1)
    .map((block) => block.split("\n").filter((line) => line !== ""));
}

describe("bash", () => {
  test("completes commands, models, versions, environments and flags by the script that mmsp prints", async () => {
    expect(
      await bash([
        ["dep"],
        ["deploy", ""],
        ["deploy", "fraud", "--version", ""],
        ["deploy", "fraud", "--env", "=", "st"],
        ["rollback", "fraud", "--rea"],
        ["rollback", "fraud", "--to", ""],
        ["diff", "ma"],
        ["nonsense", ""],
      ]),
    ).toEqual([["deploy"], ["fraud"], ["2", "1"], ["staging"], ["--reason"], ["1"], ["main"], []]);
  });

  test("asks an alias as well", async () => {
    const text = `shopt -s expand_aliases; eval "$("$MMSP" completion bash)"; alias mmsp='"$MMSP" --json'
    COMP_WORDS=(mmsp dep); COMP_CWORD=1; _mmsp; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const child = Bun.spawn(["bash", "--noprofile", "--norc", "-c", text], {
      cwd: project.path,
      env: { ...cliEnv(), MMSP: `${project.path}/bin/mmsp` },
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await child.stderr.text()).toBe("");
    expect(await child.stdout.text()).toBe("deploy\n");
  });

  test("completes files and folders by itself, names with spaces in them too", async () => {
    expect(
      await bash([
        ["register", "fraud", "--model-path", "v"],
        ["register", "fraud", "--metrics", "=", "met"],
        ["-C", "env"],
      ]),
    ).toEqual([expect.arrayContaining(["v1.onnx", "v2.onnx"]), ["metrics file.json"], ["environments"]]);
  });
});

describe("mmsp completion", () => {
  test.each(Object.keys(scripts))("%s: prints the script, which asks mmsp __complete", async (shell) => {
    const { stdout, stderr, exitCode } = await runCli(["completion", shell]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toBe(await Bun.file(new URL(`../../../cli/completion/mmsp.${shell}`, import.meta.url)).text());
    expect(stdout).toContain(" __complete -- ");
  });

  test("says which shells there are, and which one was meant", async () => {
    expect(await runCli(["completion"])).toMatchObject({
      exitCode: 2,
      stderr: "error: for which shell? bash, zsh, fish\n  hint: mmsp completion --help\n",
    });
    expect((await runCli(["completion", "zhs"])).stderr).toStartWith(
      'error: completion takes bash, zsh, fish, not "zhs"; did you mean "zsh"?',
    );
    expect((await runCli(["completion", "--help"])).stdout).toContain('eval "$(mmsp completion bash)"');
    expect((await runCli(["completion", "bash", "--json"])).exitCode).toBe(0);
  });

  test("on Tab there is never an error, whatever is there", async () => {
    for (const line of [["deploy", "--version="], ["--", "-C", "/nowhere", "status", "--env", ""], []]) {
      const ran = await runCli(["__complete", ...line]);
      expect({ ...ran, stdout: ran.stdout.split("\n").at(-2) }).toEqual({ stdout: ":words", stderr: "", exitCode: 0 });
    }
  });
});
