import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { applicationsOf, applicationStateOf } from "../../../../cli/gitops/core/argocd-replies.ts";
import { argoStatus } from "../../../support/argocd-fake.ts";

const metadata = { name: "dev-fraud", namespace: "argocd" };
const source = { repoURL: "https://github.com/acme/models.git", path: "environments/dev/models/fraud" };
const state = (status: object, annotations?: object) =>
  applicationStateOf({ metadata: { ...metadata, annotations }, spec: { source }, status });

test("an application has one source or several, and syncs by itself where its policy says so", () => {
  const spec = (more: object) => applicationsOf({ items: [{ metadata, spec: { project: "p", ...more } }] })?.[0];
  expect(spec({ source })).toEqual({
    ...metadata,
    project: "p",
    sources: [{ repository: source.repoURL, path: source.path, revision: "" }],
    isAutomatic: false,
  });
  expect(
    spec({ sources: [{ ...source, targetRevision: "main" }, { repoURL: "https://charts.example.com" }] }),
  ).toMatchObject({
    sources: [{ revision: "main" }, { path: "" }],
  });
  expect(spec({ source, syncPolicy: { automated: {} } })).toMatchObject({ isAutomatic: true });
  expect(spec({ source, syncPolicy: { automated: { enabled: false } } })).toMatchObject({ isAutomatic: false });
});

test("one that was never compared has an unknown state", () => {
  expect(state({})).toEqual({
    sync: "Unknown",
    revisions: [],
    health: "Unknown",
    healthMessage: "",
    operation: null,
    errors: [],
    isRefreshing: false,
  });
});

test("a state has the reasons for it: of the resource that is not well, of the sync, of errors but not of warnings", () => {
  const status = argoStatus("OutOfSync", "Degraded", "a1", {
    resources: [
      { kind: "Service", name: "fraud", health: { status: "Healthy" } },
      { kind: "Deployment", name: "fraud", health: { status: "Degraded", message: "exceeded its\nprogress deadline" } },
    ],
    operationState: { phase: "Failed", message: "one or more objects failed", syncResult: { revision: "a1" } },
    conditions: [
      { type: "SharedResourceWarning", message: "two of them" },
      { type: "ComparisonError", message: "kustomize build failed" },
    ],
  });
  expect(state(status, { "argocd.argoproj.io/refresh": "normal" })).toEqual({
    sync: "OutOfSync",
    revisions: ["a1"],
    health: "Degraded",
    healthMessage: "Deployment fraud: exceeded its progress deadline",
    operation: { phase: "Failed", message: "one or more objects failed", revisions: ["a1"] },
    errors: ["ComparisonError: kustomize build failed"],
    isRefreshing: true,
  });
});

test("a sync that failed before it began is of the revision that it was asked for; several sources have several", () => {
  const operationState = { phase: "Error", operation: { sync: { revisions: ["a1", "b2"] } } };
  const several = { sync: { status: "Synced", revisions: ["a1", "b2"] }, operationState };
  expect(state(several)).toMatchObject({ revisions: ["a1", "b2"], operation: { revisions: ["a1", "b2"] } });
});

test("whatever answers, it is read or refused, and never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (anything, status) => {
      expect(applicationsOf(anything) ?? []).toBeArray();
      expect(applicationStateOf(anything)).toBeNull();
      expect(applicationStateOf({ metadata, spec: anything, status })).toMatchObject({ sync: expect.any(String) });
    }),
  );
});
