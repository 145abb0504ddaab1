import { ProblemError, type Problem } from "../../../../schemas/problem.ts";
import { wordsOf, type Failure } from "./failure.ts";

/** What an App was asking for when it was refused. */
export interface AppRequest {
  readonly appId: string;
  /** owner/name */
  readonly repository: string;
  readonly step: "find-installation" | "make-token";
}

/**
 * What a refusal of the App itself is about, for the person who set it up; null where it is the server's usual trouble
 * (network, 5xx, limits), which reads the same for every call.
 */
export function explainAppFailure(failure: Failure, request: AppRequest, cause: unknown): ProblemError | null {
  if (failure.kind !== "answer") return null;
  const problem = problemOf(failure.status, wordsOf(failure), request);
  return problem === null ? null : new ProblemError([problem], { cause });
}

function problemOf(status: number, words: string, { appId, repository, step }: AppRequest): Problem | null {
  if (/claim \('(exp|iat)'\)/.test(words)) {
    return {
      code: "github-app-clock",
      message: `GitHub does not accept what App ${appId} has signed: this machine's clock is wrong`,
      hint: "set the clock (timedatectl, chronyc): GitHub takes what was signed within the last ten minutes only",
    };
  }
  if (/integration not found/i.test(words)) {
    return {
      code: "github-app-unknown",
      message: `GitHub knows no App ${appId}`,
      hint: "MMSP_GITHUB_APP_ID is the App ID or the client id on the App's page; with an Enterprise Server set GITHUB_API_URL",
    };
  }
  if (status === 401) {
    return {
      code: "github-app-key-rejected",
      message: `GitHub does not accept the private key of App ${appId}: it is another App's, or was deleted`,
      hint: 'make a new one on the App\'s page under "Private keys", and set MMSP_GITHUB_APP_PRIVATE_KEY_FILE to it',
    };
  }
  if (status === 403 && /suspended/i.test(words)) {
    return {
      code: "github-app-suspended",
      message: `the installation of App ${appId} on ${ownerOf(repository)} is suspended`,
      hint: "an owner ends that in the settings, under Applications or GitHub Apps",
    };
  }
  if (status === 404 && step === "make-token") {
    return {
      code: "github-app-installation",
      message: `App ${appId} has no installation of the number in MMSP_GITHUB_APP_INSTALLATION_ID`,
      hint: "correct it (it ends the address of the installation's page), or leave it out: it is found by the repository",
    };
  }
  if (status === 404 || (status === 422 && /not accessible|does not exist/i.test(words))) {
    return {
      code: "github-app-not-installed",
      message: `App ${appId} is not installed on ${repository}, or there is no such repository`,
      hint: `install it: the App's page, "Install App", ${ownerOf(repository)}, and choose the repository`,
    };
  }
  return null;
}

function ownerOf(repository: string): string {
  return repository.split("/")[0] ?? repository;
}
