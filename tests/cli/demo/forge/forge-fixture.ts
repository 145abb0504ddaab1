/** A forge with a first commit on main, and Octokit clients for it. */
import { Octokit } from "@octokit/rest";
import type { Forge, ForgeOptions, ForgeUser } from "../../../../cli/demo/forge/server.ts";
import { startCheckedForge } from "../../../support/checked-forge.ts";
import { commitDirectly, temporaryDirectory } from "../../../support/git.ts";

const OWNER = "acme";
const REPO = "models";
export const HERE = { owner: OWNER, repo: REPO } as const;

const USERS: Readonly<Record<string, ForgeUser>> = {
  "admin-token": { login: "ada", permission: "admin" },
  "writer-token": { login: "grace", permission: "write" },
  "reader-token": { login: "rita", permission: "read" },
  "app-token": { login: "rollouts", permission: "write", app: true },
};

interface TestForge extends AsyncDisposable, Forge {
  readonly directory: string;
  /** The commit that main starts at: `base.txt` of ten lines, and `models/fraud.yaml`. */
  readonly firstCommit: string;
}

export const TEN_LINES = Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`).join("");

export async function testForge(options: Partial<ForgeOptions> = {}): Promise<TestForge> {
  const directory = await temporaryDirectory();
  const forge = await startCheckedForge({ directory: directory.path, ...HERE, users: USERS, ...options });
  const files = { "base.txt": TEN_LINES, "models/fraud.yaml": "stable: 1\n" };
  const firstCommit = await commitDirectly(forge.gitDir, "main", files, "Start");
  return {
    ...forge,
    directory: directory.path,
    firstCommit,
    async [Symbol.asyncDispose]() {
      await forge.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export function octokit(forge: Forge, token = "admin-token"): Octokit {
  return new Octokit({ baseUrl: forge.apiUrl, auth: token, log: SILENT });
}

/** The address for git with a token in it. */
export function withToken(url: string, token: string): string {
  return url.replace("http://", `http://x-access-token:${token}@`);
}

/** The message that a promise was rejected with. Fails when it was not. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  const failure = await promise.then(
    () => null,
    (error: Error) => error.message,
  );
  if (failure === null) throw new Error("nothing failed");
  return failure;
}

/** What a call was refused with. Fails when it was not refused. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; message: string; errors: unknown }> {
  try {
    await call;
  } catch (error) {
    const { status, response } = error as { status: number; response: { data: { message: string; errors?: unknown } } };
    return { status, message: response.data.message, errors: response.data.errors };
  }
  throw new Error("the call was not refused");
}

/** The errors that a GraphQL call was answered with. Fails when there were none. */
export async function graphqlErrors(
  call: Promise<unknown>,
): Promise<readonly { type?: string; message: string; path?: readonly unknown[] }[]> {
  try {
    await call;
  } catch (error) {
    return (error as { errors: { type?: string; message: string }[] }).errors;
  }
  throw new Error("the call had no errors");
}

/** A query for the repository's fields. */
export function inRepository(fields: string): string {
  return `query { repository(owner: "${OWNER}", name: "${REPO}") { ${fields} } }`;
}

const ENABLE = `mutation ($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { autoMergeRequest { mergeMethod enabledBy { login } } } }
}`;

/** Asks for a pull request to be squashed as soon as the rules are kept. */
export async function enableAutoMerge(api: Octokit, number: number): Promise<unknown> {
  const query = inRepository(`pullRequest(number: ${number}) { id }`);
  const { repository } = await api.graphql<{ repository: { pullRequest: { id: string } } }>(query);
  return api.graphql(ENABLE, { input: { pullRequestId: repository.pullRequest.id, mergeMethod: "SQUASH" } });
}

export const COMMIT = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } ref { name target { oid } } }
}`;

export interface CommitPayload {
  readonly createCommitOnBranch: {
    readonly commit: { readonly oid: string };
    readonly ref: { readonly name: string; readonly target: { readonly oid: string } };
  };
}

/** The input of a createCommitOnBranch by branch name. */
export function commitInput(
  branchName: string,
  expectedHeadOid: string,
  files: Readonly<Record<string, string | null>>,
) {
  const entries = Object.entries(files);
  return {
    input: {
      branch: { repositoryNameWithOwner: `${OWNER}/${REPO}`, branchName },
      expectedHeadOid,
      message: { headline: `Change ${Object.keys(files).join(", ")}`, body: "Because." },
      fileChanges: {
        additions: entries.flatMap(([path, text]) =>
          text === null ? [] : [{ path, contents: Buffer.from(text).toString("base64") }],
        ),
        deletions: entries.flatMap(([path, text]) => (text === null ? [{ path }] : [])),
      },
    },
  };
}
