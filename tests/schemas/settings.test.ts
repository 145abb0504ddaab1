import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { configVariables } from "../../gateway/config.ts";
import { readWanted } from "../../gateway/core/following.ts";
import { sloOf, stepsOf } from "../../schemas/defaults.ts";
import { Environment } from "../../schemas/environment.ts";
import { Slo } from "../../schemas/fields.ts";
import { ProblemError } from "../../schemas/problem.ts";
import { checkTree } from "../../schemas/rules.ts";
import { Project } from "../../schemas/project.ts";
import { environmentWith, projectWith, readSettings, settingVariables, withSettings } from "../../schemas/settings.ts";
import { variableGroups } from "../../schemas/variables.ts";
import { aDeployment, anEnvironment, aProject, aTree } from "../support/builders.ts";

function problemsOf(env: Record<string, string>) {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  return [];
}

const valid: Readonly<Record<string, string>> = {
  MMSP_REPOSITORY: "acme/other",
  MMSP_BASE_BRANCH: "release/1",
  MMSP_ARTIFACT_STORE: "s3://bucket/models",
  MMSP_STEPS: "5, 25,100",
  MMSP_SLO_ERROR_RATE: "0.05",
  MMSP_SLO_LATENCY_P95_MS: "12.5",
  MMSP_SLO_DRIFT: "0.3",
  MMSP_SLO_MIN_REQUESTS: "7",
  MMSP_SLO_WINDOW_SECONDS: "30",
  MMSP_GATEWAY_MAX_BODY_BYTES: "2048",
  MMSP_GATEWAY_MODEL_MEMORY_MIB: "512",
  MMSP_GATEWAY_TIMEOUT_MS: "900",
  MMSP_GATEWAY_REPLICAS: "4",
  MMSP_TRITON_URL: "http://triton-0:8000, https://triton-1/prefix",
};

describe("variables instead of settings in files", () => {
  test("there is one for every setting of mmsp.yaml and of the gateway, and for where its Triton is", () => {
    expect(settingVariables.map(({ name }) => name).toSorted()).toEqual(Object.keys(valid).toSorted());
    const snake = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    const gateway = Environment.shape.spec.shape.gateway.unwrap().shape;
    // `templateVersion` says how the files are laid out, which no variable can change; `defaults` are told one by one.
    const project = Object.keys(Project.shape.spec.shape).filter((key) => !/^(templateVersion|defaults)$/.test(key));
    const names = [
      ...project.map((key) => `MMSP_${snake(key)}`),
      "MMSP_STEPS",
      ...Object.keys(Slo.shape).map((key) => `MMSP_SLO_${snake(key)}`),
      ...Object.keys(gateway).map((key) => `MMSP_GATEWAY_${snake(key)}`),
      "MMSP_TRITON_URL",
    ];
    expect(Object.keys(valid).toSorted()).toEqual(names.toSorted());
  });

  test("each stands before the project's and the environment's value, and the documents stay valid", () => {
    const settings = readSettings(valid);
    const slo = { errorRate: 0.05, latencyP95Ms: 12.5, drift: 0.3, minRequests: 7, windowSeconds: 30 };
    const gateway = { maxBodyBytes: 2048, modelMemoryMib: 512, timeoutMs: 900, replicas: 4 };
    const store = { artifactStore: "s3://bucket/models" };
    const project = projectWith(aProject({ defaults: { steps: [1], slo: { drift: 9 } } }), settings);
    const environment = environmentWith(
      anEnvironment("prod", {
        steps: [50],
        slo: { errorRate: 0.5 },
        artifactStore: "file:///srv",
        gateway: { replicas: 2 },
      }),
      settings,
    );
    const defaults = { steps: [5, 25, 100], slo };
    expect(project.spec).toMatchObject({ repository: "acme/other", baseBranch: "release/1", ...store, defaults });
    const addresses = { triton: ["http://triton-0:8000", "https://triton-1/prefix"] };
    expect(environment.spec).toMatchObject({ ...store, ...defaults, gateway, addresses });
    expect([Project.safeParse(project).success, Environment.safeParse(environment).success]).toEqual([true, true]);
    expect(stepsOf(environment, project)).toEqual([5, 25, 100]);
  });

  test("what is not set leaves everything as it is; an empty variable is not set", () => {
    const tree = aTree();
    expect(withSettings(tree, readSettings({}))).toBe(tree);
    expect(readSettings({ MMSP_STEPS: "", MMSP_REPOSITORY: " " })).toEqual({});
    const one = readSettings({ MMSP_SLO_DRIFT: "0.5" });
    const environment = environmentWith(anEnvironment("prod", { slo: { errorRate: 0.2 }, steps: [3] }), one);
    expect(environment.spec).toMatchObject({ slo: { errorRate: 0.2, drift: 0.5 }, steps: [3] });
  });

  test("what a deployment says of its own model stays", () => {
    const settings = readSettings({ MMSP_SLO_ERROR_RATE: "0.2", MMSP_SLO_DRIFT: "0.5" });
    const deployment = aDeployment({ spec: { slo: { errorRate: 0.001 } } });
    const objectives = sloOf(deployment, environmentWith(anEnvironment(), settings), projectWith(aProject(), settings));
    expect(objectives).toMatchObject({ errorRate: 0.001, drift: 0.5 });
  });

  test("the gateway reads its documents through them", () => {
    const files = new Map([
      ["environments/mmsp.yaml", JSON.stringify(aProject())],
      ["environments/dev/environment.yaml", JSON.stringify(anEnvironment("dev", { gateway: { replicas: 2 } }))],
    ]);
    const nothing = { policy: null, project: null, deployments: new Map(), read: new Map() };
    const wanted = readWanted(files, "dev", nothing, readSettings(valid));
    expect(wanted.policy?.spec.gateway).toEqual({
      maxBodyBytes: 2048,
      modelMemoryMib: 512,
      timeoutMs: 900,
      replicas: 4,
    });
    expect(wanted.project?.spec.artifactStore).toBe("s3://bucket/models");
    expect(readWanted(files, "dev", nothing).policy?.spec.gateway).toEqual({ replicas: 2 });
  });
});

describe("a wrong value", () => {
  test.each([
    ["MMSP_REPOSITORY", "acme"],
    ["MMSP_BASE_BRANCH", "../main"],
    ["MMSP_ARTIFACT_STORE", "ftp://x"],
    ["MMSP_STEPS", "10,,50"],
    ["MMSP_STEPS", "0"],
    ["MMSP_STEPS", "10,101"],
    ["MMSP_STEPS", "50,10,90"],
    ["MMSP_STEPS", "10,10"],
    ["MMSP_STEPS", "10,20.5"],
    ["MMSP_SLO_ERROR_RATE", "1"],
    ["MMSP_SLO_ERROR_RATE", "1%"],
    ["MMSP_SLO_LATENCY_P95_MS", "0"],
    ["MMSP_SLO_DRIFT", "-1"],
    ["MMSP_SLO_MIN_REQUESTS", "1.5"],
    ["MMSP_SLO_WINDOW_SECONDS", "86401"],
    ["MMSP_GATEWAY_MAX_BODY_BYTES", "1023"],
    ["MMSP_GATEWAY_MODEL_MEMORY_MIB", "0"],
    ["MMSP_GATEWAY_TIMEOUT_MS", "0x10"],
    ["MMSP_GATEWAY_REPLICAS", "1e2"],
    ["MMSP_TRITON_URL", "triton:8000"],
    ["MMSP_TRITON_URL", "http://triton-0:8000,,http://triton-1:8000"],
    ["MMSP_TRITON_URL", "http://somebody@triton:8000"],
  ])("%s=%s is a problem that names the variable, what it takes and what it stands before", (name, value) => {
    const { expected, overrides } = settingVariables.find((variable) => variable.name === name)!;
    expect(problemsOf({ ...valid, [name]: value })).toEqual([
      {
        code: "variable-invalid",
        path: name,
        message: `"${value}" is not ${expected}`,
        hint: `mend it or unset it; it stands before ${overrides}`,
      },
    ]);
  });

  test("all of them are told at once, on one line each whatever is in them", () => {
    const problems = problemsOf({ MMSP_STEPS: `x\n\u001b[31m${"y".repeat(200)}`, MMSP_REPOSITORY: "x" });
    expect(problems.map(({ path }) => path)).toEqual(["MMSP_REPOSITORY", "MMSP_STEPS"]);
    expect(problems[1]?.message).toMatch(/^"x \[31my+…" is not /);
  });
});

test("a variable takes a value exactly when the schema of the file takes it", () => {
  const schemas: Readonly<Record<string, (text: string) => boolean>> = {
    MMSP_REPOSITORY: (text) => Project.shape.spec.shape.repository.safeParse(text).success,
    MMSP_ARTIFACT_STORE: (text) => Project.shape.spec.shape.artifactStore.safeParse(text).success,
    MMSP_SLO_ERROR_RATE: (text) => Slo.safeParse({ errorRate: Number(text) }).success,
    MMSP_SLO_LATENCY_P95_MS: (text) => Slo.safeParse({ latencyP95Ms: Number(text) }).success,
    MMSP_SLO_DRIFT: (text) => Slo.safeParse({ drift: Number(text) }).success,
    MMSP_SLO_MIN_REQUESTS: (text) => Slo.safeParse({ minRequests: Number(text) }).success,
    MMSP_SLO_WINDOW_SECONDS: (text) => Slo.safeParse({ windowSeconds: Number(text) }).success,
    ...Object.fromEntries(
      (["maxBodyBytes", "timeoutMs", "replicas"] as const).map((field, at) => [
        ["MMSP_GATEWAY_MAX_BODY_BYTES", "MMSP_GATEWAY_TIMEOUT_MS", "MMSP_GATEWAY_REPLICAS"][at],
        (text: string) => Environment.shape.spec.shape.gateway.unwrap().safeParse({ [field]: Number(text) }).success,
      ]),
    ),
  };
  const words = fc.constantFrom("acme/models", "a b", "x/../y", "file:///srv", "s3://b", "s3://bucket", "store/", ".x");
  const numbers = fc.oneof(
    fc.integer({ min: 0, max: 1_000_000 }).map(String),
    fc.constantFrom("0", "1", "0.5", "1000", "1001", "1023", "1024", "600000", "600001", "86400", "86401", "0.0"),
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(schemas)), words, numbers, (name, word, number) => {
      const text = /REPOSITORY|STORE/.test(name) ? word : number;
      expect({ name, text, taken: problemsOf({ [name]: text }).length === 0 }).toEqual({
        name,
        text,
        taken: schemas[name]!(text),
      });
    }),
  );
});

test("MMSP_STEPS takes what the documents take as steps", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: -1, max: 101 }), fc.constant(1.5)), { minLength: 1, maxLength: 4 }),
      (steps) => {
        const document = anEnvironment("dev", { steps });
        const taken =
          Environment.safeParse(document).success && checkTree(aTree({ environments: [document] })).length === 0;
        expect({ steps, taken: problemsOf({ MMSP_STEPS: steps.join(",") }).length === 0 }).toEqual({ steps, taken });
      },
    ),
  );
});

describe("the table of all variables", () => {
  const told = (title: RegExp) =>
    variableGroups
      .filter((group) => title.test(group.title))
      .flatMap(({ variables }) => variables.flatMap(({ name }) => name.split(", ")));

  test("tells those that the gateway checks, and no other", () => {
    // Those of plain git are read where git is called.
    const others = ["MMSP_REPOSITORY", "MMSP_GIT_TOKEN", "MMSP_GIT_USER"];
    const heeded = [...configVariables, ...others].filter((name) => name !== "GH_TOKEN");
    expect(told(/gateway/).toSorted()).toEqual(heeded.toSorted());
  });

  test("tells every variable that a file of the command reads", async () => {
    const read = new Set<string>();
    for await (const file of new Bun.Glob("{cli,gateway}/**/*.ts").scan(`${import.meta.dir}/../..`)) {
      const text = await Bun.file(`${import.meta.dir}/../../${file}`).text();
      for (const [, name = ""] of text.matchAll(/env\["([A-Z_]+)"\]/g)) read.add(name);
    }
    expect(read.size).toBeGreaterThan(5);
    // The system's, and those that one process of ours hands to another.
    const others = ["PATH", "HOME", "TMPDIR", "TERM", "NO_PROXY", "MMSP_DETACHED", "ORT_DISABLE_TELEMETRY"];
    const gits = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_SSH_COMMAND", "GIT_SSH"];
    const known = new Set([...told(/./), ...others, ...gits]);
    expect([...read].filter((name) => !known.has(name))).toEqual([]);
  });
});
