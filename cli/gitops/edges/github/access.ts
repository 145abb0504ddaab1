import { readAppSettings } from "./app-settings.ts";
import { createAppTokens, signingWith, type AppTokenOptions, type TokenSource } from "./app-token.ts";
import type { Signing } from "./client.ts";
import { requireToken, type Alternatives, type RunProgram, type Variables } from "./token.ts";

export interface Access {
  readonly token: string | Signing;
  /** What the App's installation was given; null for a token of a person. */
  readonly permissions: TokenSource["permissions"] | null;
}

/**
 * What the calls to a repository are made with: the App that MMSP_GITHUB_APP_ID names, which is more particular than a token
 * that may stand in anybody's environment, else a token. Throws a ProblemError where there is neither, or half an App.
 */
export async function requireAccess(
  env: Variables,
  options: AppTokenOptions,
  alternatives?: Alternatives,
  run?: RunProgram,
): Promise<Access> {
  const app = readAppSettings(env);
  if (app === null) return { token: await requireToken(env, alternatives, run), permissions: null };
  const tokens = createAppTokens(app, options);
  return { token: signingWith(tokens), permissions: tokens.permissions };
}
