import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "./support/folder.ts";
import { runGit } from "./support/git.ts";

const script = join(import.meta.dir, "committed-secrets.ts");

/** Put together here, so that this file holds none. */
const joined = (...parts: readonly string[]): string => parts.join("");
const pem = (end: string): string => joined("-----", end, " RSA PRIVATE", " KEY-----\n");
const key = "MIIEowIBAAKCAQEAy8Dbv8prpJ/0kKhlGeJYozo2t60EG8L0561g13R29LvMR5hy\n".repeat(4);

const planted: Readonly<Record<string, string>> = {
  "github.ts": joined('const token = "', "ghp_", 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx";\n'),
  "aws.env": joined("AWS_SECRET_ACCESS_KEY=", "wJalrXUtnFEMI", "/K7MDENG/bPxRfiCYzzzzzzzKEY\n"),
  "key.pem": joined(pem("BEGIN"), key, pem("END")),
  "slack.yaml": joined("url: https://hooks.slack.com/services/", "T01234567/B01234567/", "abcdefghijklmnopqrstuvwx\n"),
  "url.md": joined("clone https://ann:", "h7Jk2pQz9", "@git.example.com/acme/models.git\n"),
  "config/other.json": joined('{"apiKey": "', "q8ZtV3nLx2Rk", 'Wm5Ys7Bd1HcG"}\n'),
};

async function scan(files: Readonly<Record<string, string | Uint8Array>>) {
  using folder = temporaryFolder(files);
  await runGit(folder.path, ["init", "--quiet"]);
  await runGit(folder.path, ["add", "--all"]);
  const child = Bun.spawn([process.execPath, script], { cwd: folder.path, stdio: ["ignore", "pipe", "inherit"] });
  const [stdout, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  return { stdout, exitCode };
}

test("each planted secret is found where it is, and never printed", async () => {
  const { stdout, exitCode } = await scan(planted);
  expect(exitCode).toBe(1);
  const files = new Set(stdout.split("\n").flatMap((line) => /^(\S+?):\d+:\d+ /.exec(line)?.[1] ?? []));
  expect([...files].toSorted()).toEqual(Object.keys(planted).toSorted());
  for (const secret of ["wWPw5k4a", "wJalrXUtn", "MIIEowIB", "abcdefghijk", "h7Jk2pQz9", "q8ZtV3nLx"]) {
    expect(stdout).not.toContain(secret);
  }
});

test("a line that says that it is meant is left out, as are words, digests, examples and binary files", async () => {
  const { stdout, exitCode } = await scan({
    "marked.ts": (planted["github.ts"] ?? "").replace("\n", " // secretlint-disable-line -- a token that never was\n"),
    "tests.ts": `const token = "writer-token-0123456789";\nconst password = "correct-horse-battery-staple-1";\n`,
    "lock.json": `{"sha256": "${"3f".repeat(32)}", "tokenizer": "node_modules/tokenizer/dist/index.js"}\n`,
    "code.ts": 'const token = process.env["GITHUB_TOKEN_OF_THE_DEPLOYMENT_1"];\n',
    "model.onnx": Buffer.from(`\0${planted["github.ts"] ?? ""}`),
  });
  expect({ stdout, exitCode }).toEqual({ stdout: "4 files were searched for secrets, and 0 found\n", exitCode: 0 });
});
