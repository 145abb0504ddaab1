import { describe, expect, test } from "bun:test";
import {
  placementOf,
  plannedBefore,
  planTrailer,
  registrationOf,
  trailerOf,
  versionOfBranch,
  withTrailer,
} from "../../../../cli/gitops/core/placement.ts";
import type { BranchCommit, BranchState } from "../../../../cli/gitops/core/ports.ts";

const message = "Deploy\n\nmmsp-change: dev/fraud/deploy-3\n";
const ours: BranchCommit = { oid: "1", message, parents: 1, rewritten: false };
const theirs: BranchCommit = { ...ours, oid: "2", message: "Mine" };
const name = "mmsp/dev/fraud/deploy-3";

function branch(given: {
  name?: string;
  commits?: readonly BranchCommit[] | null;
  open?: boolean;
  settled?: boolean;
}): BranchState {
  const { commits = [ours], open = false, settled = false } = given;
  const branchName = given.name ?? name;
  const pullRequest = { branch: branchName, number: 1, url: "u", title: "t", body: "b" };
  return { name: branchName, head: "h", commits, settled, pullRequest: open ? pullRequest : null };
}

describe("where a proposal goes", () => {
  test.each([
    ["no branch", [], { kind: "open", branch: name, head: null }],
    ["left behind with our commit", [branch({})], { kind: "open", branch: name, head: "h" }],
    ["left behind, merged", [branch({ commits: [] })], { kind: "open", branch: name, head: "h" }],
    ["open with our commit", [branch({ open: true })], { kind: "replace", branch: name }],
    ["open with another's", [branch({ open: true, commits: [theirs, ours] })], { kind: "append", branch: name }],
    [
      "pushed with another's, and never a pull request",
      [branch({ commits: [theirs] })],
      { kind: "adopt", branch: name },
    ],
    [
      "left behind with another's",
      [branch({ commits: [theirs], settled: true })],
      { kind: "open", branch: `${name}-2`, head: null },
    ],
    [
      "left behind with another's, and open beside it",
      [branch({ commits: [theirs], settled: true }), branch({ name: `${name}-2`, open: true })],
      { kind: "replace", branch: `${name}-2` },
    ],
    [
      "left behind with another's, and pushed beside it",
      [branch({ commits: [theirs], settled: true }), branch({ name: `${name}-2`, commits: [theirs] })],
      { kind: "adopt", branch: `${name}-2` },
    ],
    [
      "pushed beside a name that is free again",
      [branch({ name: `${name}-2` })],
      { kind: "open", branch: `${name}-2`, head: "h" },
    ],
    [
      "left behind beside a name that is free again",
      [branch({ name: `${name}-2`, settled: true })],
      { kind: "open", branch: name, head: null },
    ],
    [
      "open beside a name that is free again",
      [branch({ name: `${name}-2`, open: true })],
      { kind: "replace", branch: `${name}-2` },
    ],
    [
      "open beside one that was left behind with our commit",
      [branch({}), branch({ name: `${name}-2`, open: true, commits: [theirs] })],
      { kind: "append", branch: `${name}-2` },
    ],
  ] as const)("%s", (_what, branches, expected) => {
    expect(placementOf(name, message, branches)).toMatchObject(expected);
  });

  test.each([
    ["a merge", { ...ours, parents: 2 }],
    ["an amended commit", { ...ours, rewritten: true }],
    ["a commit of another change", { ...ours, message: "D\n\nmmsp-change: registry/fraud/register-3\n" }],
    ["a trailer in the middle of a text", { ...ours, message: "D\n\nmmsp-change: dev/fraud/deploy-3\n\nMore." }],
  ])("%s is not ours to rewrite", (_what, commit) => {
    expect(placementOf(name, message, [branch({ open: true, commits: [commit] })])?.kind).toBe("append");
  });

  test("more commits than were read are not ours to rewrite", () => {
    expect(placementOf(name, message, [branch({ open: true, commits: null })])?.kind).toBe("append");
  });

  test("nowhere, when every name is taken", () => {
    const names = Array.from({ length: 30 }, (_, at) => (at < 2 ? name : `${name}-${at}`));
    expect(
      placementOf(
        name,
        message,
        names.map((taken) => branch({ name: taken, commits: [theirs], settled: true })),
      ),
    ).toBeNull();
  });
});

describe("trailers", () => {
  test("go below those that are there, and into a paragraph of their own where there are none", () => {
    expect(withTrailer(message, "a", "b")).toBe("Deploy\n\nmmsp-change: dev/fraud/deploy-3\na: b\n");
    expect(withTrailer("fix: it", "a", "b")).toBe("fix: it\n\na: b\n");
    expect(withTrailer("Subject\n\nA text.", "a", "b")).toBe("Subject\n\nA text.\n\na: b\n");
  });

  test("say when a proposal was planned and what it wrote", () => {
    const commit = { ...ours, message: withTrailer(message, planTrailer, "2026-11-21T08:00:00Z abc") };
    expect(plannedBefore(branch({ commits: [theirs, commit] }))).toEqual({
      now: "2026-11-21T08:00:00Z",
      digest: "abc",
    });
    expect(plannedBefore(branch({ commits: [theirs] }))).toBeNull();
    expect(trailerOf(commit.message, "mmsp-change")).toBe("dev/fraud/deploy-3");
  });
});

test("a branch's name says which version it is about", () => {
  expect(versionOfBranch("mmsp/registry/fraud/4-0123abcd")).toBe(4);
  expect(versionOfBranch("mmsp/registry/fraud/4-0123abcd-2")).toBe(4);
  expect(versionOfBranch("mmsp/dev/fraud/deploy-3")).toBe(3);
  expect(versionOfBranch("mmsp/dev/fraud/deploy-3-2")).toBe(3);
  expect(versionOfBranch("mmsp/dev/fraud/something")).toBeNull();
  expect(versionOfBranch("main")).toBeNull();
});

test("the open registration of a version is found by its branch", () => {
  const open = branch({ name: "mmsp/registry/fraud/4-0123abcd", open: true });
  expect(registrationOf("fraud", 4, [branch({ name: "mmsp/registry/fraud/4-ffffffff" }), open])?.name).toBe(open.name);
  expect(registrationOf("fraud", 40, [open])).toBeUndefined();
});
