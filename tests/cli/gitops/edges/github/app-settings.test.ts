import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readAppSettings } from "../../../../../cli/gitops/edges/github/app-settings.ts";
import { requireAccess } from "../../../../../cli/gitops/edges/github/access.ts";
import { ProblemError } from "../../../../../schemas/problem.ts";
import { makeAppKey } from "../../../../support/app-key.ts";
import { temporaryFolder } from "../../../../support/folder.ts";

const { privateKey, publicKey } = makeAppKey();
const middle = privateKey.split("\n")[10] ?? "";

function refusal(env: Readonly<Record<string, string>>): string {
  try {
    readAppSettings(env);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(Bun.inspect(error, { depth: 10 })).not.toContain(middle);
    return error.message;
  }
  throw new Error("the variables were taken");
}

describe("the variables of a GitHub App", () => {
  test("are an id and a key: as text, with escaped line breaks, or in a file", () => {
    using folder = temporaryFolder({ "app.pem": privateKey });
    const ways = [
      { MMSP_GITHUB_APP_PRIVATE_KEY: privateKey },
      { MMSP_GITHUB_APP_PRIVATE_KEY: privateKey.replaceAll("\n", "\\n") },
      { MMSP_GITHUB_APP_PRIVATE_KEY_FILE: `${folder.path}/app.pem` },
    ];
    for (const way of ways) {
      const settings = readAppSettings({ MMSP_GITHUB_APP_ID: " 12345 ", ...way });
      expect(settings).toMatchObject({ appId: "12345", installationId: null });
      expect(settings?.privateKey).toStartWith("-----BEGIN PRIVATE KEY-----\n");
    }
  });

  test("may name the installation, and the App by its client id", () => {
    const env = { MMSP_GITHUB_APP_ID: "Iv23liABCDEF", MMSP_GITHUB_APP_INSTALLATION_ID: "77" };
    expect(readAppSettings({ ...env, MMSP_GITHUB_APP_PRIVATE_KEY: privateKey })).toMatchObject({
      appId: "Iv23liABCDEF",
      installationId: 77,
    });
  });

  test("that are not there name no App; empty ones are as good as not set", () => {
    expect(readAppSettings({})).toBeNull();
    expect(readAppSettings({ MMSP_GITHUB_APP_ID: "", MMSP_GITHUB_APP_PRIVATE_KEY: " " })).toBeNull();
  });

  test.each([
    ["a key without an id", { MMSP_GITHUB_APP_PRIVATE_KEY: privateKey }, "MMSP_GITHUB_APP_ID is not"],
    ["an id without a key", { MMSP_GITHUB_APP_ID: "1" }, "without a private key"],
    ["an id that is a name", { MMSP_GITHUB_APP_ID: "my app" }, "neither the number of an App nor its client id"],
    [
      "two keys",
      { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: privateKey, MMSP_GITHUB_APP_PRIVATE_KEY_FILE: "x" },
      "are both set",
    ],
    [
      "a file that is not there",
      { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY_FILE: "/no/such/file" },
      "cannot be read (ENOENT)",
    ],
    [
      "the public key",
      { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: publicKey },
      "does not hold a private key",
    ],
    [
      "the first line alone",
      { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: "-----BEGIN RSA PRIVATE KEY-----" },
      "does not hold a private key",
    ],
    [
      "half of the key",
      { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: privateKey.slice(0, 900) },
      "does not hold a private key",
    ],
    [
      "an installation that is a word",
      { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: privateKey, MMSP_GITHUB_APP_INSTALLATION_ID: "acme" },
      "MMSP_GITHUB_APP_INSTALLATION_ID is not a number",
    ],
  ])("with %s are refused, and no key is shown", (_, env, words) => {
    expect(refusal(env)).toContain(words);
  });

  test("with a key of another kind are refused", () => {
    const { privateKey: curve } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = curve.export({ type: "pkcs8", format: "pem" }).toString();
    expect(refusal({ MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: key })).toContain("not RSA");
  });

  test("go before a token, which may stand in anybody's environment", async () => {
    const options = { repository: "acme/models", apiUrl: "http://127.0.0.1:1/api/v3", userAgent: "mmsp-test" };
    const app = { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: privateKey };
    expect(await requireAccess({ GITHUB_TOKEN: "one" }, options)).toEqual({ token: "one", permissions: null });
    expect(await requireAccess({ GITHUB_TOKEN: "one", ...app }, options)).not.toMatchObject({ token: "one" });
  });
});
