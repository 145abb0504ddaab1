import { describe, expect, test } from "bun:test";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { asksForJson } from "../../cli/argv.ts";
import { parseFlags, shared, UsageError, type Flags } from "../../cli/flags.ts";

const flags = {
  env: shared.env,
  local: shared.local,
  "dry-run": shared.dryRun,
  quiet: { type: "boolean", short: "q", help: "" },
} as const satisfies Flags;
const options = {
  env: { type: "string" },
  local: { type: "boolean" },
  "dry-run": { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
  directory: { type: "string", short: "C" },
  json: { type: "boolean" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;
const names = Object.keys(options);

type Read = { readonly args: readonly string[]; readonly values: Readonly<Record<string, unknown>> } | "refused";

function ours(argv: readonly string[]): Read {
  try {
    const input = parseFlags(argv, flags, Number.MAX_SAFE_INTEGER);
    const values = names.flatMap((name) => {
      const value = input.text(name) ?? (input.on(name) ? true : undefined);
      return value === undefined ? [] : [[name, value] as const];
    });
    return { args: input.args, values: Object.fromEntries(values) };
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return "refused";
  }
}

function nodes(argv: readonly string[]): Read {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    return { args: positionals, values: { ...values } };
  } catch {
    return "refused";
  }
}

const words = [
  [
    "fraud",
    "-",
    "--",
    "",
    "a b",
    "--env",
    "--env=",
    "--env=dev",
    "--env=-x",
    "--local",
    "--local=yes",
    "--dry-run",
    "--json",
  ],
  [
    "-C",
    "-C=x",
    "-C..",
    "-h",
    "-q",
    "-qh",
    "-qC",
    "-qCx",
    "-hq",
    "-x",
    "-qx",
    "--no-json",
    "--constructor",
    "--__proto__",
    "-C-",
    "--envs",
    "---",
    "-1",
  ],
].flat();

describe("a command line is read", () => {
  test("as Node reads it, strictly", () => {
    const verdicts = { read: 0, refused: 0 };
    const argv = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 4 })), { maxLength: 5 });
    fc.assert(
      fc.property(argv, (given) => {
        const expected = nodes(given);
        expect(ours(given)).toEqual(expected);
        verdicts[expected === "refused" ? "refused" : "read"]++;
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(verdicts.read, verdicts.refused)).toBeGreaterThan(500);
  });

  test("the last value counts where a flag is given twice, whichever way it is written", () => {
    for (const line of ["--env dev --env prod", "--env=dev --env prod", "--env prod --env=prod"]) {
      const input = parseFlags(line.split(" "), flags, 0);
      expect([input.text("env"), input.texts("env").length]).toEqual(["prod", 2]);
    }
    expect(parseFlags(["-C", "a", "--directory=b", "--local", "--local"], flags, 0).text("directory")).toBe("b");
    for (const [line, asJson] of [
      ["--format json --format text", false],
      ["--format text --format=json", true],
      ["--format=json --format github", false],
      ["--format text --json", true],
      ["--name json", false],
    ] as const)
      expect({ line, asJson: asksForJson(line.split(" ")) }).toEqual({ line, asJson });
  });

  test.each([
    ["--evn dev", "unknown flag --evn; did you mean --env?"],
    ["-x", "unknown flag -x"],
    ["--env", "--env takes a value"],
    ["--env --local", "--env takes a value; one that starts with a dash is written --env=-..."],
    ["-C", "-C takes a value"],
    ["-C -x", "-C takes a value; one that starts with a dash is written -C-..."],
    ["--local=yes", "--local takes no value"],
    ["one two", 'unexpected argument "two"'],
  ])("%s is told in words", (line, message) => {
    expect(() => parseFlags(line.split(" "), flags, 1)).toThrow(new UsageError(message));
  });
});
