import type { Application, ApplicationSource, ApplicationState } from "./argocd-port.ts";
import { listIn, textIn, valueIn } from "./json-fields.ts";

/*
 * Replies of Argo CD's API: the custom resource Application as JSON. What has no value is left out; an Application with several
 * sources has `sources` and `revisions` where others have `source` and `revision`.
 */

/** Fields that the list is asked for: a thousand Applications with their resources would be megabytes. */
export const listedFields = ["metadata.name", "metadata.namespace", "spec"].map((field) => `items.${field}`).join(",");

/** Marks an Application that is to be compared anew; Argo CD takes it away when it has done so. */
const refreshAnnotation = "argocd.argoproj.io/refresh";

/** `{"items": [...]}` of the list; null for another answer. No application at all: `items` is null. */
export function applicationsOf(body: unknown): readonly Application[] | null {
  const items = valueIn(body, "items");
  if (!Array.isArray(items)) return items === null && valueIn(body, "metadata") !== undefined ? [] : null;
  return items.flatMap(applicationOf);
}

function applicationOf(item: unknown): readonly Application[] {
  const [metadata, spec] = [valueIn(item, "metadata"), valueIn(item, "spec")];
  const name = textIn(metadata, "name");
  if (name === null) return [];
  const automated = valueIn(valueIn(spec, "syncPolicy"), "automated");
  return [
    {
      name,
      namespace: textIn(metadata, "namespace") ?? "",
      project: textIn(spec, "project") ?? "",
      sources: oneOrMany(spec, "source", "sources").map(sourceOf),
      isAutomatic: typeof automated === "object" && automated !== null && valueIn(automated, "enabled") !== false,
    },
  ];
}

function sourceOf(source: unknown): ApplicationSource {
  return {
    repository: textIn(source, "repoURL") ?? "",
    path: textIn(source, "path") ?? "",
    revision: textIn(source, "targetRevision") ?? "",
  };
}

/** One Application with its state; null for another answer. One that was never compared has an empty state. */
export function applicationStateOf(body: unknown): ApplicationState | null {
  const metadata = valueIn(body, "metadata");
  if (textIn(metadata, "name") === null || valueIn(body, "spec") === undefined) return null;
  const status = valueIn(body, "status");
  const [sync, health] = [valueIn(status, "sync"), valueIn(status, "health")];
  return {
    sync: textIn(sync, "status") ?? "Unknown",
    revisions: revisionsIn(sync),
    health: textIn(health, "status") ?? "Unknown",
    healthMessage: ailing(listIn(status, "resources"), textIn(health, "status")) ?? textIn(health, "message") ?? "",
    operation: operationOf(valueIn(status, "operationState")),
    errors: listIn(status, "conditions").flatMap(errorOf),
    isRefreshing: textIn(valueIn(metadata, "annotations"), refreshAnnotation) !== null,
  };
}

function operationOf(operation: unknown): ApplicationState["operation"] {
  const phase = textIn(operation, "phase");
  if (phase === null) return null;
  const revisions = revisionsIn(valueIn(operation, "syncResult"));
  return {
    phase,
    message: textIn(operation, "message") ?? "",
    // What failed before it got anywhere has no result.
    revisions: revisions.length > 0 ? revisions : revisionsIn(valueIn(valueIn(operation, "operation"), "sync")),
  };
}

/** Conditions are errors (`ComparisonError`, `SyncError`...) and warnings. */
function errorOf(condition: unknown): readonly string[] {
  const type = textIn(condition, "type") ?? "";
  return type.endsWith("Error") ? [`${type}: ${textIn(condition, "message") ?? ""}`] : [];
}

/** The first resource with the health of the whole that says why it has it. */
function ailing(resources: readonly unknown[], health: string | null): string | null {
  for (const resource of resources) {
    const own = valueIn(resource, "health");
    const message = textIn(own, "message");
    if (message === null || message === "" || textIn(own, "status") !== health) continue;
    return `${textIn(resource, "kind") ?? ""} ${textIn(resource, "name") ?? ""}: ${message}`;
  }
  return null;
}

function revisionsIn(record: unknown): readonly string[] {
  return oneOrMany(record, "revision", "revisions").filter(
    (revision): revision is string => typeof revision === "string" && revision !== "",
  );
}

function oneOrMany(record: unknown, one: string, many: string): readonly unknown[] {
  const [value, values] = [valueIn(record, one), listIn(record, many)];
  return values.length > 0 || value === undefined ? values : [value];
}
