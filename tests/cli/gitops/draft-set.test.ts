import { describe, expect, test } from "bun:test";
import { draftSetOver } from "../../../cli/gitops/draft-set.ts";
import { paths } from "../../../schemas/tree.ts";
import { canary, filesWith, inDev, lock } from "./canaries.ts";
import { setPlanner } from "./cut-parts.ts";
import { change, changes } from "./render/changes.ts";

describe("what promote --all leaves alone", () => {
  const snapshotOf = (files: Record<string, string>) => ({
    head: null,
    files: new Map(Object.entries(files)),
    unreadable: [],
    environmentNames: ["dev", "prod"],
    modelNames: Object.keys(files),
    proposals: [],
  });
  const over = (files: Record<string, string>, command = inDev) =>
    draftSetOver(command, snapshotOf(files), setPlanner, "2026-11-21T08:10:00Z");

  test("a model whose documents are broken is told and does not stop the others", () => {
    const files = filesWith({ fraud: canary, churn: canary });
    files[paths.deployment("dev", "churn")] = "kind: [";
    const draft = over(files);
    expect(draft).toMatchObject({
      kind: "draft",
      set: { title: "Promote fraud 3 to stable in dev", left: [{ model: "churn" }] },
    });
  });

  test("where no model has a canary there is nothing to do", () => {
    expect(over(filesWith({ fraud: "" }))).toEqual({ kind: "skip", reason: "no model of dev has a canary" });
    const reason = "dev serves every version already that is stable in prod";
    expect(over(filesWith({ fraud: "" }), { ...inDev, environment: "prod", to: "dev" })).toEqual({
      kind: "skip",
      reason,
    });
  });

  test("where none remains it is refused, with each reason once", () => {
    const files = filesWith({ fraud: canary + lock, churn: canary });
    const freeze = '  freeze: [{from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z", reason: holidays}]\n';
    files[paths.environment("dev")] += freeze;
    const draft = over(files);
    if (draft.kind !== "refusal") throw new Error(draft.kind);
    expect(draft.problems.map(({ code }) => code)).toEqual(["environment-frozen", "model-locked"]);
  });

  test.each([
    ["an unknown environment", { ...inDev, environment: "dve" }, "environment-unknown"],
    ["an unknown target", { ...inDev, to: "nowhere" }, "environment-unknown"],
    ["itself as target", { ...inDev, to: "dev" }, "environment-same"],
  ])("%s is refused", (_, command, code) => {
    expect(over(filesWith({ fraud: canary }), command)).toMatchObject({ kind: "refusal", problems: [{ code }] });
  });

  test("hundreds of models are planned in a moment, and the body stays as long as GitHub takes it", () => {
    const models = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`m-${at}`, canary]));
    const draft = over(filesWith(models));
    if (draft.kind !== "draft") throw new Error(draft.kind);
    expect(draft.set.changes).toHaveLength(250);
    expect(draft.set.title).toBe("Promote 250 canaries to stable in dev");
    const body = setPlanner.bodyTogether(draft.set);
    expect(body.length).toBeLessThan(65_536);
    expect(body).toMatch(/And \d+ more models, for which there is no room here/);
  });
});

test("the body holds every section while there is room, and text from outside only as text", () => {
  const set = {
    verb: "promote" as const,
    environment: "prod",
    title: "Promote 2",
    changes: [change({ ...changes.promote }), change({ ...changes.promote, model: "wine", title: "x" })],
    left: [{ model: "other", version: 1, reason: "locked by @octocat: see https://x.y", problems: [] }],
  };
  const body = setPlanner.bodyTogether(set);
  expect(body.match(/^## /gm)).toHaveLength(2);
  expect(body).not.toContain("more models");
  expect(body.replaceAll(/(`+)[^\n]*?[^`]\1(?!`)/g, "")).not.toMatch(/@|https?:/);
});
