import { fail } from "../../../../schemas/problem.ts";

export type RunProgram = (command: readonly string[], timeoutMs: number) => Promise<string | null>;

export type Variables = Readonly<Record<string, string | undefined>>;

const defaultApiUrl = "https://api.github.com";

/** What the command that asks could do instead. */
export interface Alternatives {
  /** It has a --local, which takes no network. */
  readonly offersLocal?: boolean;
}

/** As `findToken`, where nothing goes without one: throws a ProblemError that says what to do when there is none. */
export async function requireToken(
  env: Variables,
  { offersLocal = false }: Alternatives = {},
  run: RunProgram = runProgram,
): Promise<string> {
  const token = await findToken(env, run);
  if (token !== null) return token;
  return fail({
    code: "github-token-missing",
    message: "no GitHub token: GITHUB_TOKEN and GH_TOKEN are not set, and `gh` is not logged in",
    hint:
      'run `gh auth login`, or set GITHUB_TOKEN to a token with "Contents: write" and "Pull requests: write", or ' +
      `MMSP_GITHUB_APP_ID and its key${offersLocal ? "; --local stays with the files here" : ""}`,
  });
}

/**
 * A token for GitHub's API: GITHUB_TOKEN, GH_TOKEN, then the one that `gh` is logged in with; null where there is none. It is
 * never part of a message. Throws a ProblemError for one that was copied wrongly.
 */
export async function findToken(env: Variables, run: RunProgram = runProgram): Promise<string | null> {
  const given = env["GITHUB_TOKEN"]?.trim() || env["GH_TOKEN"]?.trim();
  const host = new URL(apiUrlOf(env)).hostname.replace(/^api\.github\.com$/, "github.com");
  const token = given || (await run(["gh", "auth", "token", "--hostname", host], 5000))?.trim();
  if (!token) return null;
  if (/\s|[^\x21-\x7e]/.test(token)) {
    fail({
      code: "github-token-malformed",
      message: "the GitHub token holds characters that no token has",
      hint: "copy it again, without line breaks and quotes",
    });
  }
  return token;
}

/** Root of the REST API: GITHUB_API_URL (`https://HOST/api/v3` of a GitHub Enterprise Server), or github.com's. */
export function apiUrlOf(env: Variables): string {
  const given = env["GITHUB_API_URL"]?.trim().replace(/\/+$/, "");
  if (!given) return defaultApiUrl;
  if (!/^https?:\/\//.test(given) || !URL.canParse(given)) {
    fail({
      code: "github-api-url",
      message: "GITHUB_API_URL is not an http or https address",
      hint: "for GitHub Enterprise Server it is https://HOST/api/v3; leave it unset for github.com",
    });
  }
  const { username, password } = new URL(given);
  if (username !== "" || password !== "") {
    fail({
      code: "github-api-url",
      message: "GITHUB_API_URL holds a user or a password",
      hint: "leave them out: calls are made with GITHUB_TOKEN, or as a GitHub App",
    });
  }
  return given;
}

/** Output of a program; null when it is not there, fails or takes too long. */
export async function runProgram(command: readonly string[], timeoutMs: number): Promise<string | null> {
  try {
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore", timeout: timeoutMs });
    const [output, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    return code === 0 ? output : null;
  } catch {
    // The program is not installed.
    return null;
  }
}
