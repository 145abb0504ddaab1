import { describe, expect, test } from "bun:test";
import type {
  BranchFacts,
  DocumentFacts,
  Identity,
  RepositoryFacts,
  Workflow,
} from "../../../../../cli/gitops/core/readiness/facts.ts";
import type { Finding } from "../../../../../cli/gitops/core/readiness/finding.ts";
import { findingsOf, isReady } from "../../../../../cli/gitops/core/readiness/findings.ts";

const asked = { repository: "acme/models", baseBranch: "main" };
const hidden = { kind: "hidden" } as const;
const seen = <T>(value: T) => ({ kind: "seen", value }) as const;
const commit = "0123456789abcdef0123456789abcdef01234567";
const workflow: Workflow = { source: `github:acme/mmsp#${commit}`, check: "validate", secrets: [] };

const branch: BranchFacts = {
  takesPullRequestsOnly: seen(true),
  requiredChecks: seen(["validate"]),
  wantsUpToDate: seen(true),
  workflow: seen(workflow),
};
const facts: RepositoryFacts = {
  name: "acme/models",
  isPrivate: true,
  isArchived: false,
  mayPush: true,
  defaultBranch: "main",
  allowsAutoMerge: seen(true),
  identity: { kind: "scopes", scopes: ["repo"] },
  base: branch,
  secrets: seen([]),
};
const documents: DocumentFacts = { count: 9, repository: "acme/models", problems: [] };

const withFacts = (more: Partial<RepositoryFacts>) => findingsOf(asked, { ...facts, ...more }, documents);
const withBranch = (more: Partial<BranchFacts>) => withFacts({ base: { ...branch, ...more } });
const of = (findings: readonly Finding[], code: string) => findings.find((finding) => finding.code === code);
const notOk = (findings: readonly Finding[]) => findings.filter(({ state }) => state !== "ok").map(({ code }) => code);

describe("a repository", () => {
  test("with everything in place is ready, point by point", () => {
    const findings = withFacts({});
    expect(notOk(findings)).toEqual([]);
    expect(isReady(findings)).toBe(true);
    expect(findings.map(({ code }) => code)).toEqual([
      "repository",
      "contents",
      "pull-requests",
      "base-branch",
      "workflow",
      "mmsp-source",
      "required-check",
      "up-to-date",
      "pull-request-rule",
      "auto-merge",
      "secrets",
      "documents",
    ]);
  });

  test("that GitHub does not show leaves nothing else to say", () => {
    const findings = findingsOf(asked, null, null);
    expect(findings).toHaveLength(1);
    expect(isReady(findings)).toBe(false);
  });

  test("that is archived or has another name by now is told", () => {
    expect(of(withFacts({ isArchived: true }), "repository")).toMatchObject({ state: "missing" });
    expect(of(withFacts({ name: "acme/rollouts" }), "repository")?.says).toContain("called acme/rollouts now");
    expect(of(withFacts({ name: "Acme/Models" }), "repository")?.state).toBe("ok");
  });

  test("without the base branch is told which one it has", () => {
    const findings = withFacts({ base: null, defaultBranch: "trunk" });
    expect(findings.at(-1)).toMatchObject({
      code: "base-branch",
      state: "missing",
      hint: expect.stringContaining('"trunk"'),
    });
  });
});

describe("the rights", () => {
  const app = (permissions: Readonly<Record<string, string>>): Identity => {
    return { kind: "app", permissions: { checks: "read", statuses: "read", ...permissions } };
  };
  const probed = (contents: boolean, pullRequests: boolean): Identity => ({
    kind: "probed",
    contents: seen(contents),
    pullRequests: seen(pullRequests),
  });

  test.each<[string, Identity, readonly string[]]>([
    ["a classic token with the scope repo", { kind: "scopes", scopes: ["repo", "gist"] }, []],
    ["a classic token without it", { kind: "scopes", scopes: ["read:org"] }, ["contents", "pull-requests"]],
    [
      "public_repo, of a private repository",
      { kind: "scopes", scopes: ["public_repo"] },
      ["contents", "pull-requests"],
    ],
    ["an App with both", app({ contents: "write", pull_requests: "write" }), []],
    ["an App that may only read", app({ contents: "read", pull_requests: "write" }), ["contents"]],
    ["an App without pull requests", app({ contents: "write" }), ["pull-requests"]],
    ["a token that may both", probed(true, true), []],
    ["a token that may only commit", probed(true, false), ["pull-requests"]],
    [
      "a token of which it cannot be told",
      { kind: "probed", contents: hidden, pullRequests: hidden },
      ["contents", "pull-requests"],
    ],
  ])("of %s", (_, identity, codes) => {
    const findings = withFacts({ identity });
    expect(notOk(findings)).toEqual([...codes]);
    for (const code of codes) expect(of(findings, code)?.hint).not.toBeNull();
  });

  test("of a public repository are there with public_repo", () => {
    const identity = { kind: "scopes", scopes: ["public_repo"] } as const;
    expect(notOk(withFacts({ isPrivate: false, identity }))).toEqual([]);
  });

  test("of a token whose owner may only read are missing", () => {
    expect(of(withFacts({ mayPush: false }), "contents")?.says).toContain("the token's owner may not");
  });
});

describe("the workflow", () => {
  test("that is not there, or cannot be read", () => {
    expect(of(withBranch({ workflow: seen(null) }), "workflow")).toMatchObject({ state: "missing" });
    expect(of(withBranch({ workflow: hidden }), "workflow")).toMatchObject({ state: "unknown" });
  });

  test.each([
    ["", "missing"],
    ["latest", "missing"],
    ["github:acme/mmsp#main", "missing"],
    ["http://host/mmsp.tgz", "missing"],
    [`git+https://host/acme/mmsp.git#${commit}`, "ok"],
    ["https://host/mmsp-0.1.0.tgz", "ok"],
  ])("with MMSP_SOURCE %j", (source, state) => {
    expect(of(withBranch({ workflow: seen({ ...workflow, source }) }), "mmsp-source")?.state).toBe(state as "ok");
  });

  test("of somebody's own, without the variable, is left alone", () => {
    expect(of(withBranch({ workflow: seen({ ...workflow, source: null }) }), "mmsp-source")).toBeUndefined();
  });

  test("that uses secrets names those that are not there", () => {
    const uses = seen({ ...workflow, secrets: ["NPM_TOKEN", "OTHER"] });
    const findings = (secrets: RepositoryFacts["secrets"]) =>
      of(withFacts({ secrets, base: { ...branch, workflow: uses } }), "secrets");
    expect(findings(seen(["NPM_TOKEN"]))).toMatchObject({
      state: "missing",
      isRequired: false,
      says: expect.stringMatching(/: OTHER$/),
    });
    expect(findings(seen(["NPM_TOKEN", "OTHER"]))?.state).toBe("ok");
    expect(findings(hidden)?.state).toBe("unknown");
  });
});

describe("the rules of the branch", () => {
  test("that do not require the check, or require it by another name", () => {
    const says = (...names: readonly string[]) =>
      of(withBranch({ requiredChecks: seen(names) }), "required-check")?.says;
    expect(says()).toBe('main does not require the check "validate"');
    expect(says("build", "mmsp / validate")).toContain(
      'requires "mmsp / validate", but the check is called "validate"',
    );
    expect(says("valdate")).toContain('requires "valdate"');
  });

  test("name the check as the workflow's job does", () => {
    const named = seen({ ...workflow, check: "Check documents" });
    const findings = withBranch({ workflow: named, requiredChecks: seen(["Check documents"]) });
    expect(of(findings, "required-check")?.state).toBe("ok");
  });

  test("that the token may not see are unknown, and no reason to fail", () => {
    const findings = withBranch({ requiredChecks: hidden, wantsUpToDate: hidden, takesPullRequestsOnly: hidden });
    expect(notOk(findings)).toEqual(["required-check", "up-to-date", "pull-request-rule"]);
    expect(isReady(findings)).toBe(true);
  });

  test("without branches up to date fail, without pull requests and auto-merge are advised", () => {
    expect(isReady(withBranch({ wantsUpToDate: seen(false) }))).toBe(false);
    const advised = withFacts({
      allowsAutoMerge: seen(false),
      base: { ...branch, takesPullRequestsOnly: seen(false) },
    });
    expect(notOk(advised)).toEqual(["pull-request-rule", "auto-merge"]);
    expect(isReady(advised)).toBe(true);
  });
});

describe("the documents on the branch", () => {
  test.each<[string, DocumentFacts | null, string]>([
    ["none", { count: 0, repository: null, problems: [] }, "is not on main"],
    ["another repository's", { ...documents, repository: "acme/other" }, "names acme/other, not acme/models"],
    ["invalid", { ...documents, problems: [{ code: "x", message: "m", hint: "h" }] }, "have 1 problem"],
    ["unreadable", null, "cannot be read"],
  ])("%s", (_, given, words) => {
    const finding = of(findingsOf(asked, facts, given), "documents");
    expect(finding?.says).toContain(words);
    expect(finding?.state).not.toBe("ok");
  });
});
