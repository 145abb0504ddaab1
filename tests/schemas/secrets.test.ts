import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createRedactor, withoutSecrets } from "../../schemas/secrets.ts";

describe("a text without secrets", () => {
  test.each([
    ["ghp_0123456789abcdef0123456789abcdef0123", "***"], // secretlint-disable-line -- made up
    ["token github_pat_11ABCDEFG0123456789_abcdefghijklmnop, twice", "token ***, twice"],
    ["authorization: Bearer abc123.def-456_789", "authorization: Bearer ***"],
    ["Basic eC1hY2Nlc3M6c2VjcmV0MTI=", "Basic ***"],
    ["eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0NzExIn0.c2lnbmF0dXJl", "***"],
    ["https://grace:hunter2@github.com/acme", "https://***@github.com/acme"], // secretlint-disable-line -- made up
    ["https://sometoken@github.com/acme", "https://***@github.com/acme"],
    ["postgres://app:hunter2@db/models", "postgres://***@db/models"], // secretlint-disable-line -- made up
    ["https://bucket.example/x?X-Amz-Signature=0123&v=1", "https://bucket.example/x?X-Amz-Signature=***&v=1"],
    ["a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a *** b"],
    ["-----BEGIN PRIVATE KEY-----\\nMIIEcut", "***"],
  ])("%j", (text, clean) => {
    expect(withoutSecrets(text)).toBe(clean);
  });

  test.each([
    "ssh://git@github.com/acme/models.git",
    "git@github.com:acme/models.git",
    "https://github.com/acme/models/pull/12",
    "no GitHub token: GITHUB_TOKEN and GH_TOKEN are not set",
    'give the token "Contents: write"',
    "basic understanding, bearer of news",
    "sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/model.onnx",
    "mail grace@example.com about https://example.com/a@b",
  ])("leaves %j as it is", (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });
});

describe("what variables keep secret", () => {
  const anySecret = fc
    .string({ unit: "grapheme-ascii", minLength: 8, maxLength: 40 })
    .filter((text) => text.trim() === text);

  test("is in no text that is shown, whatever it is and wherever it stands", () => {
    const names = [
      "GITHUB_TOKEN",
      "AWS_SECRET_ACCESS_KEY",
      "MLFLOW_TRACKING_PASSWORD",
      "ARGOCD_AUTH_TOKEN",
      "MMSP_GITHUB_APP_PRIVATE_KEY",
      "TOKEN",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...names), anySecret, fc.string(), fc.string(), (name, secret, before, after) => {
        const redact = createRedactor({ [name]: secret });
        fc.pre(!`${before}***${after}`.includes(secret) && !"***".includes(secret));
        expect(redact(`${before}${secret}${after}`)).not.toContain(secret);
        const json = redact(JSON.stringify({ message: `x${secret}x` }));
        expect(json).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });

  test("is also a password in an address, as it stands and as a header carries it", () => {
    const redact = createRedactor({ HTTPS_PROXY: "http://grace:hunter2hunter2@proxy:3128" });
    const header = Buffer.from("grace:hunter2hunter2").toString("base64");
    expect(redact(`hunter2hunter2 ${header}`)).toBe("*** ***");
  });

  test("is shown line by line no more than whole", () => {
    const lines = [
      "-----BEGIN PRIVATE KEY-----",
      "MIIEvQIBADANBgkqhkiG9w0",
      "AoIBAQC7VJTUt9Us8cKj",
      "-----END PRIVATE KEY-----",
    ];
    const redact = createRedactor({ MMSP_GITHUB_APP_PRIVATE_KEY: lines.join("\n") });
    expect(redact(lines[2] ?? "")).toBe("***");
  });

  test("is none where it is a name, a path or too short to tell", () => {
    const env = {
      MMSP_GITHUB_APP_PRIVATE_KEY_FILE: "/srv/keys/app.pem",
      AWS_REGION: "eu-central-1",
      GITHUB_TOKEN: "dev",
      HOME: "/root",
    };
    const text = "dev in eu-central-1: /srv/keys/app.pem below /root";
    expect(createRedactor(env)(text)).toBe(text);
  });
});
