import { expect, test } from "bun:test";
import {
  apiUrlOf,
  findToken,
  requireToken,
  runProgram,
  type RunProgram,
} from "../../../../../cli/gitops/edges/github/token.ts";
import { ProblemError } from "../../../../../schemas/problem.ts";

const nobody: RunProgram = () => Promise.resolve(null);

test("GITHUB_TOKEN goes before GH_TOKEN, and gh is asked last", async () => {
  const asked: (readonly string[])[] = [];
  const run: RunProgram = (command) => {
    asked.push(command);
    return Promise.resolve("from-gh\n");
  };
  expect(await findToken({ GITHUB_TOKEN: "one", GH_TOKEN: "two" }, run)).toBe("one");
  expect(await findToken({ GITHUB_TOKEN: " ", GH_TOKEN: "two\n" }, run)).toBe("two");
  expect(asked).toEqual([]);
  expect(await findToken({}, run)).toBe("from-gh");
  expect(asked).toEqual([["gh", "auth", "token", "--hostname", "github.com"]]);
});

test("gh is asked for the token of the server that is called", async () => {
  const asked: (readonly string[])[] = [];
  const run: RunProgram = (command) => {
    asked.push(command);
    return Promise.resolve("token");
  };
  await findToken({ GITHUB_API_URL: "https://git.example.com/api/v3/" }, run);
  expect(asked[0]?.at(-1)).toBe("git.example.com");
});

test("without any token there is none, and who needs one is told what to do", async () => {
  expect(await findToken({}, nobody)).toBeNull();
  const error: unknown = await requireToken({}, {}, nobody).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  expect(String(error)).toContain("gh auth login");
  const hintOf = async (offersLocal: boolean) => {
    const thrown: unknown = await requireToken({}, { offersLocal }, nobody).catch((cause: unknown) => cause);
    return thrown instanceof ProblemError ? thrown.problems[0]?.hint : "";
  };
  expect(await hintOf(true)).toEndWith("; --local stays with the files here");
  expect(await hintOf(false)).toEndWith("MMSP_GITHUB_APP_ID and its key");
});

test("a token with a line break in it is refused without being shown", async () => {
  const error: unknown = await findToken({ GITHUB_TOKEN: "secret\nvalue" }, nobody).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  expect(String(error)).not.toContain("secret");
});

test("a machine without gh, a gh that is not logged in and one that hangs have no token", async () => {
  expect(await runProgram(["no-such-program-anywhere"], 1000)).toBeNull();
  expect(await runProgram([process.execPath, "-e", "process.exit(1)"], 5000)).toBeNull();
  expect(await runProgram([process.execPath, "-e", "setTimeout(() => {}, 60_000)"], 50)).toBeNull();
  expect(await runProgram([process.execPath, "-e", "console.log('t')"], 5000)).toBe("t\n");
});

test("the API is github.com's, or where GITHUB_API_URL says", () => {
  expect(apiUrlOf({})).toBe("https://api.github.com");
  expect(apiUrlOf({ GITHUB_API_URL: "https://git.example.com/api/v3/" })).toBe("https://git.example.com/api/v3");
  expect(() => apiUrlOf({ GITHUB_API_URL: "git.example.com" })).toThrow(ProblemError);
  expect(() => apiUrlOf({ GITHUB_API_URL: "https://user:pw@git.example.com/api/v3" })).toThrow(/a user or a password/);
});
