import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join, relative } from "node:path";
import { cliEnv, main, makeProject } from "./run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const root = join(import.meta.dir, "../..");
const preload = join(root, "tests/support/loaded-modules.ts");

/** The modules that a command loads, by their paths in the package; those of packages by `node_modules/...`. */
async function loadedBy(cwd: string, ...args: readonly string[]): Promise<readonly string[]> {
  const child = Bun.spawn([process.execPath, "--preload", preload, main, ...args], {
    cwd,
    env: cliEnv(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines = (await child.stderr.text()).trimEnd().split("\n");
  const paths = (JSON.parse(lines.at(-1) ?? "") as string[]).map((path) => relative(root, path));
  return paths.filter((path) => path !== relative(root, preload)).toSorted();
}

describe("what a command does not need, it does not load", () => {
  test("--version loads nothing but itself", async () => {
    expect(await loadedBy(root, "--version")).toEqual(["cli/main.ts", "cli/streams.ts", "package.json"]);
  });

  test("status and validate of sound documents load no package, nor what complains, edits or talks to GitHub", async () => {
    using project = await makeProject({ serving: true });
    // Model files are held against their digests, which is an edge of its own.
    const store = "environments/mmsp.yaml";
    project.put(store, project.read(store).replace(/artifactStore: .*/, "artifactStore: s3://models"));
    for (const command of ["status", "validate"]) {
      const loaded = await loadedBy(project.path, command);
      expect(loaded).toContain(`cli/commands/${command}.ts`);
      expect(
        loaded.filter((path) =>
          /node_modules|render\/|github\/|whole-yaml|validators|complaints|sound-parts|-write|terminal\/[pl]/.test(
            path,
          ),
        ),
        command,
      ).toEqual([]);
    }
  });

  test("status does not load the rules that hold between documents", async () => {
    using project = await makeProject({ serving: true });
    const loaded = await loadedBy(project.path, "status");
    expect(loaded).toContain("schemas/read-tree.ts");
    expect(
      loaded.filter((path) => /schemas\/(rules|check-documents)\.ts|rules\/deployment|known-names/.test(path)),
    ).toEqual([]);
  });

  test("history and deploy --local of sound documents do not load what complains either", async () => {
    using project = await makeProject({ serving: true });
    for (const args of [
      ["history", "fraud"],
      ["deploy", "fraud", "--version", "2", "--local"],
    ]) {
      const loaded = await loadedBy(project.path, ...args);
      expect(loaded).toContain(`cli/commands/${args[0]}.ts`);
      expect(
        loaded.filter((path) => /validators|complaints|sound-parts/.test(path)),
        args[0],
      ).toEqual([]);
    }
  });

  test("a document that is broken, or written in a rarer way, is read with the library", async () => {
    using project = await makeProject({ serving: true });
    project.put(
      "environments/dev/environment.yaml",
      `${project.read("environments/dev/environment.yaml")}extra: |\n  x\n`,
    );
    const loaded = await loadedBy(project.path, "status");
    expect(loaded).toContain("schemas/whole-yaml.ts");
    expect(loaded).toContain("schemas/json/validators.js");
  });
});

describe("what is printed", () => {
  const streams = join(root, "cli/streams.ts");
  /** Prints a million characters to a program that reads its standard input, and says how printing ended. */
  async function printInto(reader: string): Promise<string> {
    const script = `import { printOut } from ${JSON.stringify(streams)}; await printOut("x".repeat(1e6)); console.error("printed");`;
    const line = `set -o pipefail; "$1" -e "$2" | ${reader}`;
    const child = Bun.spawn(["bash", "-c", line, "bash", process.execPath, script], {
      env: cliEnv(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return `${stdout.trim()} ${stderr.trim()} ${code}`;
  }

  test("arrives whole, however slowly it is read", async () => {
    expect(await printInto("(read -n 1 first; cat) | wc -c")).toBe("999999 printed 0");
  });

  test("need not be read to its end", async () => {
    expect(await printInto("head -c 3")).toBe("xxx printed 0");
  });
});
