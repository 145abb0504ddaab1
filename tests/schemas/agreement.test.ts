import { expect, test } from "bun:test";
import type { ValidateFunction } from "ajv";
import * as fc from "fast-check";
import type { z } from "zod";
import { accepts, type JsonSchema } from "../../schemas/accept.ts";
import { Environment } from "../../schemas/environment.ts";
import { jsonSchemas } from "../../schemas/generate.ts";
import {
  validateEnvironment,
  validateModelDeployment,
  validateModelVersion,
  validateProject,
} from "../../schemas/json/validators.js";
import { ModelDeployment } from "../../schemas/model-deployment.ts";
import { ModelVersion } from "../../schemas/model-version.ts";
import { Project } from "../../schemas/project.ts";
import { aDeployment, anEnvironment, aProject, aRejection, aVersion, digest, earlier } from "../support/builders.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const fromMlflow = { mlflowVersion: { model: "fraud", version: 2 }, params: { C: "1" }, tags: { team: "risk" } };

/** Documents with every field there is, so that a mutation can hit any of them. */
const full: readonly [string, z.ZodType, ValidateFunction, object][] = [
  [
    "ModelDeployment",
    ModelDeployment,
    validateModelDeployment,
    aDeployment({
      spec: {
        canary: { version: 2, attempt: 6, since: earlier, weight: 10, steps: [5, 10] },
        shadow: { version: 3, percent: 5 },
        previous: [4, 5],
        rejected: [aRejection(6, { evidence: { rate: "0.4" } })],
        routing: { stickyBy: "header:X-User" },
        slo: { errorRate: 0.01, latencyP95Ms: 50, drift: 0.2, minRequests: 20, windowSeconds: 60 },
        rollback: { automatic: true, window: "72h" },
        serving: { timeoutMs: 1000, intraOpThreads: 1 },
        lock: { reason: "audit", by: "ann", at: earlier },
      },
    }),
  ],
  [
    "ModelVersion",
    ModelVersion,
    validateModelVersion,
    {
      ...aVersion("fraud", 1, {
        artifact: {
          key: `sha256/${digest(2)}/m.onnx`,
          sha256: digest(2),
          sizeBytes: 1,
          files: [{ file: "w/a.bin", key: `sha256/${digest(3)}/a.bin`, sha256: digest(3), sizeBytes: 1 }],
        },
        irVersion: 10,
        parameters: 15,
        featureOrder: ["a", "b", "c"],
        baseline: { key: `sha256/${digest(1)}/b.parquet`, sha256: digest(1), sizeBytes: 1, rows: 1 },
        metrics: { auc: 0.9 },
        opset: 17,
        producer: "skl2onnx",
        provenance: {
          source: "s",
          gitCommit: "a".repeat(40),
          createdAt: earlier,
          createdBy: "ann",
          mlflowRun: "r",
          ...fromMlflow,
        },
      }),
      metadata: { name: "fraud-1", labels: { team: "risk" }, annotations: { note: "x" } },
    },
  ],
  [
    "Environment",
    Environment,
    validateEnvironment,
    anEnvironment("staging", {
      artifactStore: "s3://bucket/x",
      promotesTo: "prod",
      steps: [5, 50],
      publish: { rollback: "commit", autoMerge: false },
      slo: { errorRate: 0.1 },
      freeze: [{ from: earlier, to: earlier, reason: "x" }],
      gateway: { maxBodyBytes: 4096, timeoutMs: 100, replicas: 2 },
      addresses: { gateway: "http://localhost:1", prometheus: "https://p", argocd: "https://a" },
    }),
  ],
  ["Project", Project, validateProject, aProject({ defaults: { steps: [10], slo: { drift: 1 } } })],
];

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    "",
    "x",
    "a b",
    "A",
    "-a",
    "a-",
    "..",
    "a/b",
    0,
    1,
    -1,
    1.5,
    100,
    101,
    2 ** 31,
    2 ** 53,
    1e300,
  ),
  fc.constantFrom<Json>(
    earlier,
    "2026-11-20T09:12:00+01:00",
    "2026-11-20",
    "7d",
    "0s",
    "s3://b/x",
    "file:///x",
    digest(2),
  ),
  fc.constantFrom<Json>(
    "a\nb",
    "\u0000",
    "\u0085",
    "é",
    "\u2028",
    "😀".repeat(300),
    "a".repeat(63),
    "a".repeat(64),
    "a".repeat(513),
    "a\n",
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
  fc.string({ unit: "binary" }),
);
const anyJson: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: leaf },
  fc.array(leaf, { maxLength: 7 }),
  fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("version", "name", "reason")), leaf, {
    maxKeys: 3,
  }) as fc.Arbitrary<Json>,
);

/** Where to go in a document (each number chooses a child), and what to do there. */
const mutation = fc.record({
  route: fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 6 }),
  act: fc.constantFrom("replace", "remove", "add", "double"),
  value: anyJson,
  key: fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("extra", "shadow", "weight", "labels")),
});

function mutate(
  document: Json,
  { route, act, value, key }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
): void {
  let parent = document as { [key: string]: Json };
  for (const [at, turn] of route.entries()) {
    const keys = Object.keys(parent);
    const chosen = keys[turn % Math.max(1, keys.length)];
    const child = chosen === undefined ? undefined : parent[chosen];
    if (at < route.length - 1 && typeof child === "object" && child !== null) {
      parent = child as { [key: string]: Json };
      continue;
    }
    if (act === "double" && Array.isArray(parent)) parent.push(...structuredClone(parent as Json[]));
    else if (act === "add" && !Array.isArray(parent)) define(parent, key, value);
    else if (act === "remove" && chosen !== undefined && !Array.isArray(parent)) delete parent[chosen];
    else if (chosen !== undefined) define(parent, chosen, value);
    return;
  }
}

function define(object: object, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

test.each(full)(
  "%s: zod, the quick check and the compiled validator agree, on sound documents and on broken ones",
  (kind, schema, validate, document) => {
    const json = jsonSchemas()[kind] as JsonSchema;
    const verdicts = { valid: 0, invalid: 0 };
    expect(schema.safeParse(document).error).toBeUndefined();
    expect(validate(document)).toBe(true);
    expect(accepts(json, document)).toBe(true);
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 2 }), (mutations) => {
        const mutated = structuredClone(document) as Json;
        for (const one of mutations) mutate(mutated, one);
        const valid = validate(mutated);
        verdicts[valid ? "valid" : "invalid"]++;
        expect(schema.safeParse(mutated).success).toBe(valid);
        expect(accepts(json, mutated)).toBe(valid);
      }),
      { numRuns: 1500 },
    );
    expect(verdicts.valid).toBeGreaterThan(5);
    expect(verdicts.invalid).toBeGreaterThan(200);
  },
);
