import { describe, expect, test } from "bun:test";
import { readConfig } from "../../gateway/config.ts";
import { ProblemError } from "../../schemas/problem.ts";

function problemsOf(env: Record<string, string>) {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  throw new Error("the variables were taken");
}

describe("the variables of a gateway", () => {
  test("need an environment and a source; the rest has defaults", () => {
    expect(readConfig({ MMSP_ENV: "dev", MMSP_DIR: "/srv/models" })).toEqual({
      environment: "dev",
      source: { kind: "dir", root: "/srv/models" },
      host: "127.0.0.1",
      port: 8080,
      grpcPort: null,
      dataDir: "/srv/models/.mmsp/dev",
      roles: "all",
      alertsToken: null,
      triton: { maxConnections: null, maxQueue: null },
      repository: null,
      githubToken: null,
      githubApiUrl: "https://api.github.com",
      settings: {},
    });
  });

  test("that are empty are as good as not set", () => {
    const config = readConfig({ MMSP_ENV: "dev", MMSP_DIR: "/srv", MMSP_PORT: "", MMSP_ALERTS_TOKEN: "" });
    expect(config).toMatchObject({ port: 8080, alertsToken: null });
  });

  test("name a port of gRPC, any free one with 0", () => {
    const config = { MMSP_ENV: "dev", MMSP_DIR: "/srv" };
    expect(readConfig({ ...config, MMSP_GRPC_PORT: "0" }).grpcPort).toBe(0);
    expect(readConfig({ ...config, MMSP_GRPC_PORT: "" }).grpcPort).toBeNull();
    expect(problemsOf({ ...config, MMSP_GRPC_PORT: "65536" })).toMatchObject([{ path: "MMSP_GRPC_PORT" }]);
  });

  test("bound what each replica of Triton gets at a time, and what waits for it", () => {
    const config = { MMSP_ENV: "dev", MMSP_DIR: "/srv" };
    const bounds = { MMSP_TRITON_MAX_CONNECTIONS: "8", MMSP_TRITON_MAX_QUEUE: "0" };
    expect(readConfig({ ...config, ...bounds }).triton).toEqual({ maxConnections: 8, maxQueue: 0 });
    const wrong = { MMSP_TRITON_MAX_CONNECTIONS: "0", MMSP_TRITON_MAX_QUEUE: "-1" };
    expect(problemsOf({ ...config, ...wrong }).map(({ path }) => path)).toEqual(Object.keys(wrong));
  });

  test.each([
    ["neither source", {}],
    ["both sources", { MMSP_DIR: "/srv", MMSP_GIT_URL: "https://github.com/acme/models.git" }],
  ])("with %s are refused", (_, sources) => {
    const problems = problemsOf({ MMSP_ENV: "dev", ...sources });
    expect(problems).toMatchObject([{ code: "config-source", message: expect.stringContaining("one source") }]);
  });

  test("are all looked at before anything is said", () => {
    const env = { MMSP_DIR: "/srv", MMSP_PORT: "80a", MMSP_ROLES: "both", MMSP_ALERTS_TOKEN: "short" };
    expect(problemsOf(env).map(({ path }) => path)).toEqual([
      "MMSP_ENV",
      "MMSP_PORT",
      "MMSP_ROLES",
      "MMSP_ALERTS_TOKEN",
    ]);
    const settings = { ...env, MMSP_GATEWAY_REPLICAS: "none", MMSP_REPOSITORY: "acme" };
    expect(problemsOf(settings).map(({ path }) => path)).toEqual([
      "MMSP_ENV",
      "MMSP_PORT",
      "MMSP_ROLES",
      "MMSP_ALERTS_TOKEN",
      "MMSP_REPOSITORY",
      "MMSP_GATEWAY_REPLICAS",
    ]);
  });

  test("say what they take, in words", () => {
    const env = { MMSP_ENV: "dev", MMSP_DIR: "/srv", MMSP_PORT: "80a", MMSP_POLL_MS: "0", MMSP_GRPC_PORT: "1.5" };
    expect(problemsOf(env).map(({ path, message }) => `${path} ${message}`)).toEqual([
      "MMSP_POLL_MS must be a whole number from 50 to 3600000",
      "MMSP_PORT must be a whole number from 0 to 65535",
      "MMSP_GRPC_PORT must be a whole number from 0 to 65535",
    ]);
  });

  test.each([{ MMSP_PORT: "9000", MMSP_GRPC_PORT: "9000" }, { MMSP_GRPC_PORT: "8080" }])(
    "%p: one port twice",
    (ports) => {
      const problems = problemsOf({ MMSP_ENV: "dev", MMSP_DIR: "/srv", ...ports });
      expect(problems).toMatchObject([{ code: "config-ports", path: "MMSP_GRPC_PORT" }]);
    },
  );

  test("stand before the settings in files", () => {
    const env = { MMSP_ENV: "dev", MMSP_DIR: "/srv", MMSP_REPOSITORY: "acme/models", MMSP_GATEWAY_REPLICAS: "3" };
    expect(readConfig(env)).toMatchObject({ repository: "acme/models", settings: { gateway: { replicas: 3 } } });
  });

  test("name the branch as the commands do, unless there is one for the gateway alone", () => {
    const env = { MMSP_ENV: "dev", MMSP_GIT_URL: "https://github.com/acme/models.git", MMSP_BASE_BRANCH: "trunk" };
    expect(readConfig(env)).toMatchObject({ source: { branch: "trunk" } });
    expect(readConfig({ ...env, MMSP_GIT_BRANCH: "release" })).toMatchObject({ source: { branch: "release" } });
  });

  test("take the token of GitHub by both of its names, the longer one first", () => {
    const env = { MMSP_ENV: "dev", MMSP_DIR: "/srv", GH_TOKEN: "gh" };
    expect(readConfig(env).githubToken).toBe("gh");
    expect(readConfig({ ...env, GITHUB_TOKEN: "github" }).githubToken).toBe("github");
  });

  test("take the address of GitHub's API with or without a slash at its end, and without a user in it", () => {
    const env = { MMSP_ENV: "dev", MMSP_DIR: "/srv" };
    const at = (GITHUB_API_URL: string) => readConfig({ ...env, GITHUB_API_URL }).githubApiUrl;
    expect(at("https://git.example.com/api/v3/")).toBe("https://git.example.com/api/v3");
    // secretlint-disable-next-line -- made up
    for (const wrong of ["git.example.com", "https://user:secret@git.example.com/api/v3"]) {
      const [problem] = problemsOf({ ...env, GITHUB_API_URL: wrong });
      expect(problem?.path).toBe("GITHUB_API_URL");
      expect(JSON.stringify(problem)).not.toContain("secret");
    }
  });

  test.each(["--upload-pack=x", "../up", ""])("refuse %j as the address of a repository", (MMSP_GIT_URL) => {
    expect(problemsOf({ MMSP_ENV: "dev", MMSP_GIT_URL })[0]?.code).toMatch(/^config-/);
  });
});
