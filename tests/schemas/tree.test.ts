import { describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { readTree } from "../../schemas/read-tree.ts";
import { inPromotionOrder, isDocument, paths } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aVersion } from "../support/builders.ts";

const kustomization = stringify({ resources: ["deployment.yaml"] });
const files = new Map([
  [paths.project, stringify(aProject())],
  [paths.environment("staging"), stringify(anEnvironment("staging"))],
  [paths.version("fraud", 1), stringify(aVersion("fraud", 1))],
  [paths.deployment("staging", "fraud"), stringify(aDeployment())],
  [paths.deploymentKustomization("staging", "fraud"), kustomization],
]);
const codes = (changes: Record<string, string>) =>
  readTree(new Map([...files, ...Object.entries(changes)])).problems.map(({ code, file }) => `${code} ${file}`);

describe("a tree", () => {
  test("holds every kind in its place", () => {
    const { tree, problems } = readTree(files);
    expect(problems).toEqual([]);
    expect(tree.project).toEqual(aProject());
    expect(tree.environments.get("staging")).toEqual(anEnvironment("staging"));
    expect(tree.versions.get("fraud")?.get(1)).toEqual(aVersion("fraud", 1));
    expect(tree.deployments.get("staging")?.get("fraud")).toEqual(aDeployment());
    expect(tree.kustomizations.get(paths.deploymentKustomization("staging", "fraud"))).toEqual(["deployment.yaml"]);
  });

  test.each([
    ["environments/registry/fraud/2/model-version.yaml", stringify(aVersion("fraud", 1)), ["path-mismatch"]],
    ["environments/registry/fraud/01/model-version.yaml", stringify(aVersion("fraud", 1)), ["path-mismatch"]],
    ["environments/registry/churn/1/model-version.yaml", stringify(aVersion("fraud", 1)), ["path-mismatch"]],
    ["environments/staging/models/churn/deployment.yaml", stringify(aDeployment()), ["path-mismatch", "path-mismatch"]],
    ["environments/prod/environment.yaml", stringify(anEnvironment("staging")), ["path-mismatch"]],
    ["environments/prod/models/fraud/kustomization.yaml", "resources: x\n", ["kustomization-resources"]],
    ["environments/prod/models/fraud/kustomization.yaml", "- a\n", ["kustomization-resources"]],
    ["environments/prod/models/fraud/kustomization.yaml", "a: [\n", ["yaml-invalid"]],
    ["environments/prod/environment.yml", stringify(anEnvironment("prod")), ["file-extension"]],
    [
      "environments/prod/environment.yaml",
      "kind: x\n",
      ["schema-required", "schema-required", "schema-required", "schema-const"],
    ],
  ])("tells what is wrong with %s, and keeps the rest", (path, text, expected) => {
    const { tree, problems } = readTree(new Map([...files, [path, text]]));
    expect(problems.map(({ code }) => code)).toEqual(expected);
    expect(problems.every(({ file }) => file === path)).toBe(true);
    expect(tree.deployments.get("staging")?.has("fraud")).toBe(true);
    expect(tree.environments.has("prod")).toBe(false);
    expect(tree.versions.get("fraud")?.size).toBe(1);
  });

  test("leaves files alone that are none of its kinds", () => {
    expect(
      codes({ "environments/README.md": "# hi", "environments/staging/platform/kustomization.yaml": "x: [" }),
    ).toEqual([]);
  });
});

describe("environments in the order of promotions", () => {
  const sorted = (promotesTo: Readonly<Record<string, string | null>>, ...others: readonly string[]) => {
    const policies = Object.entries(promotesTo).map(([name, next]) =>
      anEnvironment(name, next === null ? {} : { promotesTo: next }),
    );
    const order = inPromotionOrder({ environments: new Map(policies.map((one) => [one.metadata.name, one])) });
    return [...Object.keys(promotesTo), ...others].toSorted().toSorted(order);
  };

  test("are those first from which the most promotions lead on", () => {
    expect(sorted({ prod: null, qa: "prod", dev: "qa" })).toEqual(["dev", "qa", "prod"]);
  });

  test("are by name where as many lead on, or none", () => {
    expect(sorted({ "eu-dev": "eu", eu: null, "us-dev": "us", us: null, sandbox: null })).toEqual([
      "eu-dev",
      "us-dev",
      "eu",
      "sandbox",
      "us",
    ]);
  });

  test("are by name in a circle, behind what leads into it", () => {
    expect(sorted({ b: "a", a: "c", c: "b", z: "a", own: "own" })).toEqual(["z", "a", "b", "c", "own"]);
  });

  test("count a policy that cannot be read as the last of its way", () => {
    expect(sorted({ staging: "prod", dev: "staging" }, "prod", "lost")).toEqual(["dev", "staging", "lost", "prod"]);
  });
});

test.each([
  ["environments/mmsp.yaml", true],
  ["environments/staging/environment.yaml", true],
  ["environments/staging/models/fraud/deployment.yaml", true],
  ["environments/staging/models/fraud/kustomization.yaml", true],
  ["environments/registry/fraud/1/kustomization.yaml", true],
  ["environments/staging/platform/kustomization.yaml", false],
  ["environments/staging/models/deployment.yaml", false],
  ["other/staging/environment.yaml", false],
  ["environments/staging/models/fraud/deployment.yml", false],
])("%s: a document? %p", (path, expected) => {
  expect(isDocument(path)).toBe(expected);
});
