import { expect, test } from "bun:test";
import type { OpenPull, Scope } from "../../../cli/gitops/core/ports.ts";
import { openRegistrations } from "../../../cli/gitops/open-registrations.ts";
import type { Forge } from "../../../cli/gitops/core/ports.ts";
import { paths } from "../../../schemas/tree.ts";
import { problemsOf } from "../../support/problems.ts";
import { sampleFiles } from "./documents.ts";

const pull = (number: number, branch: string | null): OpenPull => ({
  number,
  branch,
  url: `https://host/pull/${number}`,
});

/** What is asked for, of pull requests that change these files, and of branches that all hold `files`. */
function forgeWith(changed: Readonly<Record<number, readonly string[]>>, files = sampleFiles()) {
  const asked: (readonly [string | undefined, Scope["models"]])[] = [];
  const forge = {
    changedFiles: (numbers: readonly number[]) =>
      Promise.resolve(new Map(numbers.map((number) => [number, changed[number] ?? []]))),
    read: (scope: Scope, ref?: string) => {
      asked.push([ref, scope.models]);
      return Promise.resolve({ files: new Map(Object.entries(files)), unreadable: [] });
    },
  } as unknown as Forge;
  return { forge, asked };
}

const entry = paths.version("churn", 4);

test("branches are read that register by name, and those of pull requests that touch the registry", async () => {
  const long = Array.from({ length: 100 }, (_, at) => `docs/${at}.md`);
  const { forge, asked } = forgeWith({ 1: [entry], 2: ["README.md"], 3: long, 4: [entry] });
  const registers = "mmsp/registry/fraud/3-deadbeef";
  const proposals = [registers, "mmsp/dev/fraud/deploy-3"].map((branch) => ({ branch, number: null, url: "" }));
  const openPulls = [pull(1, "by-hand"), pull(2, null), pull(3, "long"), pull(4, registers)];
  expect(await openRegistrations({ proposals, openPulls }, forge)).toHaveLength(3);
  expect(asked).toEqual([
    [registers, ["fraud", "churn"]],
    ["by-hand", ["churn"]],
    ["long", null],
  ]);
});

test("what may name any file stops it: a registration from a fork, and a document that is broken", async () => {
  const { forge } = forgeWith({ 1: [entry] }, { ...sampleFiles(), [entry]: "kind: [" });
  const read = (openPulls: readonly OpenPull[]) =>
    problemsOf(() => openRegistrations({ proposals: [], openPulls }, forge));
  expect(await read([pull(1, null)])).toMatchObject([
    { code: "registration-unseen", message: expect.stringContaining("#1"), hint: expect.stringContaining("/pull/1") },
  ]);
  expect(await read([pull(1, "by-hand")])).toMatchObject([
    { file: entry, message: expect.stringContaining("(on by-hand)") },
  ]);
});
