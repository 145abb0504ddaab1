import { expect, test } from "bun:test";
import { stringify } from "yaml";
import { checkDocuments } from "../../schemas/check-documents.ts";
import { kustomizationResources } from "../../schemas/effective.ts";
import { formatProblem } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { paths } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aVersion } from "../support/builders.ts";

const deployment = paths.deployment("staging", "fraud");
const kustomization = paths.deploymentKustomization("staging", "fraud");
const files = new Map([
  [paths.project, stringify(aProject())],
  [paths.environment("staging"), stringify(anEnvironment("staging"))],
  [paths.version("fraud", 1), stringify(aVersion("fraud", 1))],
  [paths.versionKustomization("fraud", 1), "resources: [model-version.yaml]\n"],
  [deployment, stringify(aDeployment())],
  [kustomization, stringify({ resources: kustomizationResources(aDeployment()) })],
]);
const told = (changes: Readonly<Record<string, string | null>>): string[] => {
  const changed = new Map(files);
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) changed.delete(path);
    else changed.set(path, text);
  }
  return checkDocuments(changed).problems.map((problem) => formatProblem(problem).split("\n  hint: ")[0] ?? "");
};

test("sound documents have no problem", () => {
  expect(told({})).toEqual([]);
});

test("a broken rule is told by file, line and column", () => {
  const text = "  previous: # newest first\n    - 1\n    - 7\n";
  const line = (files.get(deployment) ?? "").split("\n").length;
  // With a version that nobody knows, the kustomization cannot be judged either.
  const changed = { [deployment]: `${files.get(deployment)}${text}`, [kustomization]: "a: 1\nresources: []\n" };
  expect(told({ [kustomization]: "a: 1\nresources: []\n" })).toEqual([
    `${kustomization}:2:12 resources: does not list what is to be applied, and only that`,
  ]);
  expect(told(changed)).toEqual([
    `${deployment}:${line}:3 spec.previous: names a version twice, or the stable one`,
    `${deployment}:${line + 2}:7 spec.previous[1]: version 7 of fraud is not in the registry`,
  ]);
});

test("what contradicts the folder or its kind is told by line and column", () => {
  const [problem] = checkDocuments(
    new Map([[paths.environment("prod"), stringify(anEnvironment("staging"))]]),
  ).problems;
  expect(problem).toMatchObject({ code: "path-mismatch", path: "metadata.name", line: 4, column: 9 });
  const kustomizations = new Map([[kustomization, "a: 1\nresources: {b: 1}\n"]]);
  for (const { problems } of [readTree(kustomizations), checkDocuments(kustomizations)]) {
    expect(problems).toContainEqual(expect.objectContaining({ code: "kustomization-resources", line: 2, column: 12 }));
  }
});

test("who refers to a file that cannot be read is not told that it is missing", () => {
  const [policy, version] = [paths.environment("staging"), paths.version("fraud", 1)];
  for (const path of [policy, version]) {
    expect(told({ [path]: "kind: Environment\n" }).every((problem) => problem.startsWith(path))).toBe(true);
    const others = new Map([...files].filter(([name]) => name !== path));
    expect(checkDocuments(others, undefined, [path]).problems).toEqual([]);
  }
  expect(told({ [version]: null })).not.toEqual([]);
});

test("a file that is not there has no line, and one that cannot be read is not told to be missing as well", () => {
  expect(told({ [kustomization]: null })).toEqual([`${kustomization}: is not there, so Argo CD would apply nothing`]);
  expect(told({ [kustomization]: "resources: [\n" })).toEqual([expect.stringMatching(/kustomization\.yaml:1:12: /)]);
});
