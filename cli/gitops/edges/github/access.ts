import { readAppSettings } from "./app-settings.ts";
import { createAppTokens, signingWith, type AppTokenOptions } from "./app-token.ts";
import type { Signing } from "./client.ts";
import { requireToken, type RunProgram, type Variables } from "./token.ts";

/**
 * What the calls to a repository are made with: the App that MMSP_GITHUB_APP_ID names, which is more particular than a token
 * that may stand in anybody's environment, else a token. Throws a ProblemError where there is neither, or half an App.
 */
export async function requireAccess(
  env: Variables,
  options: AppTokenOptions,
  run?: RunProgram,
): Promise<string | Signing> {
  const app = readAppSettings(env);
  return app === null ? requireToken(env, run) : signingWith(createAppTokens(app, options));
}
