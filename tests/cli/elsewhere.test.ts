import { expect, test } from "bun:test";
import { commands, loadCommands } from "../../cli/commands.ts";
import { commandElsewhere, flagElsewhere } from "../../cli/elsewhere.ts";
import { everyFlag } from "../../cli/flags.ts";
import { topics } from "../../cli/help.ts";

const verbs = Object.keys(commands);

test.each([
  ["get", ["list", "status"]],
  ["view", ["show"]],
  ["sync", ["deploy"]],
  ["revert", ["rollback"]],
  ["log", ["history"]],
  ["lint", ["validate"]],
  ["start", ["up"]],
  ["upload", ["register"]],
  ["rm", ["rollback", "gc"]],
  ["app sync fraud", ["deploy"]],
  ["rollout status --watch", ["status"]],
  ["models", ["list", "status"]],
  ["model -v frobnicate", ["list", "status"]],
] as const)("%s: people are sent to %p", (line, expected) => {
  const said = commandElsewhere(line.split(" "), verbs) ?? "";
  expect([...said.matchAll(/"mmsp (\w+)/g)].map(([, verb]) => verb)).toEqual([...expected]);
});

test.each(["", "toString", "stauts", "frobnicate"])("%p is nobody's word", (word) => {
  expect(commandElsewhere([word], verbs)).toBeNull();
});

test("no word that sends people elsewhere is a command itself, and every command that is named takes what is said", async () => {
  const all = await loadCommands();
  // Verbs of other tools, each with what is said of it.
  const words = ["get", "describe", "apply", "merge", "undo", "log", "ps", "watch", "add", "serve", "stop", "check"];
  for (const word of [...words, "doctor", "delete", "canary", "config"]) {
    expect(verbs).not.toContain(word);
    const said = commandElsewhere([word], verbs) ?? "";
    const named = [...said.matchAll(/"mmsp (\w+)(?: --(\w+))?(?: (\w+))?"/g)];
    expect(named, word).not.toBeEmpty();
    for (const [, verb = "", flag, topic] of named) {
      if (verb === "help") expect(Object.keys(topics)).toContain(topic ?? "");
      else expect(Object.keys(everyFlag(all[verb]?.flags ?? {}))).toContain(flag ?? "json");
      expect([...verbs, "help"]).toContain(verb);
    }
  }
});

test("a flag of another tool is called what the command calls it, and only where the command has it", async () => {
  const { deploy, rollback, status } = await loadCommands();
  const said = (name: string, command: typeof deploy) => flagElsewhere(name, everyFlag(command?.flags ?? {}));
  expect(said("o", status)).toBe("did you mean --json?");
  expect(said("namespace", status)).toBe("did you mean --env?");
  expect(said("revision", rollback)).toBe("did you mean --to?");
  expect(said("revision", deploy)).toBe("did you mean --version?");
  expect(said("follow", status)).toBe("did you mean --watch?");
  expect(said("follow", deploy)).toBeNull();
  expect(said("yes", deploy)).toContain("nothing is asked");
  expect(said("constructor", deploy)).toBeNull();
});
