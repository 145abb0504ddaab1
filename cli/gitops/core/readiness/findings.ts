import type { BranchFacts, DocumentFacts, Identity, RepositoryFacts, Seen } from "./facts.ts";
import { workflowPath } from "./facts.ts";
import { missing, ok, unknown, type Finding } from "./finding.ts";
import { autoMergeFinding, ruleFindings } from "./rules.ts";

export interface Asked {
  /** owner/name */
  readonly repository: string;
  readonly baseBranch: string;
}

/** Where the workflow's own check takes mmsp from, as the workflow checks it. */
const pinnedSource = /^((git\+https|git\+ssh):\/\/|github:)[^ ]+#[0-9a-f]{40}$|^https:\/\/[^ ]+\.(tgz|tar\.gz)$/;

/** Every point that mmsp needs of a repository, in the order in which a person would mend them. */
export function findingsOf(
  asked: Asked,
  facts: RepositoryFacts | null,
  documents: DocumentFacts | null,
): readonly Finding[] {
  const { repository, baseBranch } = asked;
  if (facts === null) {
    const hint =
      "check the name, and that the token has it among its repositories (an App: that it is installed there)";
    return [missing("repository", `GitHub does not find ${repository}, or hides it from this token`, hint)];
  }
  const found = [repositoryFinding(repository, facts), ...rightsFindings(facts), ...sightFindings(facts)];
  const { base } = facts;
  if (base === null) {
    const hint = `push it, or name another: its default branch is "${facts.defaultBranch}"`;
    return [...found, missing("base-branch", `there is no branch ${baseBranch}`, hint)];
  }
  return [
    ...found,
    ok("base-branch", `the branch ${baseBranch} is there`),
    ...workflowFindings(base.workflow, baseBranch),
    ...ruleFindings(base, baseBranch),
    autoMergeFinding(facts.allowsAutoMerge),
    secretsFinding(facts.secrets, base.workflow),
    ...documentFindings(repository, documents, baseBranch),
  ];
}

/** Nothing that is required is missing. */
export function isReady(findings: readonly Finding[]): boolean {
  return findings.every(({ state, isRequired }) => state !== "missing" || !isRequired);
}

function repositoryFinding(asked: string, { name, isArchived }: RepositoryFacts): Finding {
  if (isArchived) return missing("repository", `${name} is archived: nothing can be changed in it`, "unarchive it");
  if (name.toLowerCase() === asked.toLowerCase()) return ok("repository", `${name} can be reached`);
  return missing("repository", `${asked} is called ${name} now`, "correct spec.repository in environments/mmsp.yaml");
}

const rights = [
  { code: "contents", key: "contents", name: "Contents: write", what: "commit to branches" },
  { code: "pull-requests", key: "pull_requests", name: "Pull requests: write", what: "open pull requests" },
] as const;

function rightsFindings(facts: RepositoryFacts): readonly Finding[] {
  return rights.map(({ code, key, name, what }) => {
    const { identity, mayPush } = facts;
    const who = identity.kind === "app" ? "the App" : "the token";
    const granted = grantedOf(facts, key);
    if (granted.kind === "hidden") {
      return unknown(code, `it cannot be seen whether ${who} may ${what}`, `it needs "${name}"`);
    }
    if (!granted.value) return missing(code, `${who} may not ${what}`, hintFor(identity, name, facts.isPrivate));
    if (mayPush) return ok(code, `${who} may ${what}`);
    return missing(code, `the token's owner may not ${what}`, "give the account the role Write on the repository");
  });
}

const sights = [
  { code: "checks", name: "Checks: read", what: "the checks of a pull request" },
  { code: "statuses", name: "Commit statuses: read", what: "the statuses of a commit" },
] as const;

/** What `--wait` looks at, and does without where it has to. Only of an App GitHub tells. */
function sightFindings({ identity, isPrivate }: RepositoryFacts): readonly Finding[] {
  if (identity.kind !== "app") return [];
  return sights.map(({ code, name, what }) => {
    const granted = identity.permissions[code] !== undefined;
    if (granted) return ok(code, `the App may see ${what}`, false);
    const says = `the App may not see ${what}: --wait cannot tell that one failed`;
    return missing(code, says, hintFor(identity, name, isPrivate), false);
  });
}

function grantedOf({ identity, isPrivate }: RepositoryFacts, key: "contents" | "pull_requests"): Seen<boolean> {
  switch (identity.kind) {
    case "scopes": {
      const { scopes } = identity;
      return { kind: "seen", value: scopes.includes("repo") || (!isPrivate && scopes.includes("public_repo")) };
    }
    case "app":
      return { kind: "seen", value: identity.permissions[key] === "write" };
    case "probed":
      return key === "contents" ? identity.contents : identity.pullRequests;
  }
}

function hintFor({ kind }: Identity, name: string, isPrivate: boolean): string {
  if (kind === "scopes")
    return `give the token the scope ${isPrivate ? "repo" : "public_repo"}: \`gh auth refresh -s repo\``;
  if (kind === "probed") return `give the token "${name}" on the repository`;
  return `give the App "${name}" on its page under Permissions, and accept that in its installation`;
}

function workflowFindings(workflow: BranchFacts["workflow"], base: string): readonly Finding[] {
  if (workflow.kind === "hidden") {
    return [unknown("workflow", `${workflowPath} cannot be read`, 'the token needs "Contents: read"')];
  }
  if (workflow.value === null) {
    const hint = "run mmsp init, fill in MMSP_SOURCE, commit and push";
    return [missing("workflow", `${workflowPath} is not on ${base}: nothing checks pull requests`, hint)];
  }
  const { source } = workflow.value;
  const found = ok("workflow", `${workflowPath} is on ${base}`);
  // Somebody's own workflow need not have the variable.
  if (source === null) return [found];
  const hint = `fill it in in ${workflowPath}: a git address with #<commit>, or the https address of a tarball`;
  if (source === "") return [found, missing("mmsp-source", "MMSP_SOURCE is empty, so the check fails", hint)];
  if (pinnedSource.test(source)) return [found, ok("mmsp-source", "MMSP_SOURCE says where the check gets mmsp from")];
  return [found, missing("mmsp-source", "MMSP_SOURCE is not pinned to a commit or a tarball", hint)];
}

function secretsFinding(secrets: Seen<readonly string[]>, workflow: BranchFacts["workflow"]): Finding {
  const needed = workflow.kind === "seen" ? (workflow.value?.secrets ?? []) : [];
  const list = needed.join(", ");
  if (needed.length === 0) return ok("secrets", "the workflow needs no secrets", false);
  if (secrets.kind === "hidden") {
    return unknown(
      "secrets",
      `the token may not list secrets; the workflow uses ${list}`,
      "see Settings > Secrets and variables > Actions",
      false,
    );
  }
  const absent = needed.filter((name) => !secrets.value.includes(name));
  if (absent.length === 0) return ok("secrets", `the secrets of the workflow are there: ${list}`, false);
  return missing(
    "secrets",
    `the workflow uses secrets that are not there: ${absent.join(", ")}`,
    "add them in Settings > Secrets and variables > Actions, or for the organization",
    false,
  );
}

function documentFindings(repository: string, documents: DocumentFacts | null, base: string): readonly Finding[] {
  if (documents === null) {
    return [unknown("documents", `the documents on ${base} cannot be read`, 'the token needs "Contents: read"')];
  }
  const { count, problems } = documents;
  if (count === 0 || documents.repository === null) {
    const hint = "run mmsp init, commit and push";
    return [missing("documents", `environments/mmsp.yaml is not on ${base}`, hint)];
  }
  if (documents.repository.toLowerCase() !== repository.toLowerCase()) {
    const says = `environments/mmsp.yaml on ${base} names ${documents.repository}, not ${repository}`;
    return [missing("documents", says, "correct spec.repository there")];
  }
  if (problems.length === 0) return [ok("documents", `${count} documents on ${base} are valid`)];
  const some = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [
    missing(
      "documents",
      `the documents on ${base} have ${some}`,
      `mmsp validate --repo ${repository} --base ${base} shows them`,
    ),
  ];
}
