import type { MlflowAddress } from "../../core/mlflow-uri.ts";
import type { MlflowRun, MlflowVersion } from "../../core/mlflow-provenance.ts";
import { oneLine } from "../../../../schemas/plain-text.ts";
import { fail, type Problem } from "../../../../schemas/problem.ts";
import { nearestName } from "../../../../schemas/words.ts";
import type { MlflowClient } from "./client.ts";
import { listAt, objectAt, runOf, textAt, versionOf } from "./replies.ts";

/** What an address stands for now. */
export interface Resolved {
  /** The address that will always mean this very model. */
  readonly source: string;
  readonly version: MlflowVersion | null;
  readonly run: MlflowRun | null;
  /** Where the artifacts may be, the likeliest first, as MLflow names them (`mlflow-artifacts:/0/models/m-.../artifacts`). */
  readonly places: readonly string[];
}

const registry = "/api/2.0/mlflow";

/** Asks the registry. Throws a ProblemError that says what is there instead of what was asked for. */
export async function resolveAddress(client: MlflowClient, address: MlflowAddress): Promise<Resolved> {
  switch (address.kind) {
    case "run":
      return ofRun(client, address.run, address.path);
    case "logged":
      return ofLoggedModel(client, address.id);
    case "alias":
      return ofVersion(client, await versionByAlias(client, address.model, address.alias));
    case "version":
      return ofVersion(client, await versionByNumber(client, address.model, address.version));
    case "stage":
    case "latest":
      return ofVersion(client, await newestVersion(client, address));
  }
}

async function ofVersion(client: MlflowClient, version: MlflowVersion): Promise<Resolved> {
  const { model } = version;
  const source = `models:/${model}/${version.version}`;
  const query = { name: model, version: String(version.version) };
  // A version's own `source` may be only the id of a logged model: this call says where that has its files.
  const what = `reading ${oneLine(source, 200)}`;
  const [place, run] = await Promise.all([
    client.json({ what, path: `${registry}/model-versions/get-download-uri`, query }),
    version.run === null ? null : findRun(client, version.run),
  ]);
  return { source, version, run, places: [textAt(place, "artifact_uri")] };
}

async function versionByNumber(client: MlflowClient, model: string, version: number): Promise<MlflowVersion> {
  const what = `reading models:/${model}/${version}`;
  const query = { name: model, version: String(version) };
  const reply = await client.find({ what, path: `${registry}/model-versions/get`, query });
  const found = versionOf(objectAt(reply, "model_version"));
  if (found !== null) return found;
  const newest = (await latestVersions(client, model)).map(({ version }) => version);
  const hint = newest.length === 0 ? "it has no versions yet" : `its newest is ${Math.max(...newest)}`;
  return stop("mlflow-version-unknown", `MLflow has no version ${version} of "${model}"`, hint);
}

async function versionByAlias(client: MlflowClient, model: string, alias: string): Promise<MlflowVersion> {
  const what = `reading models:/${model}@${alias}`;
  const registered = await registeredModel(client, model, what);
  const aliases = listAt(registered, "aliases").map((entry) => [textAt(entry, "alias"), textAt(entry, "version")]);
  const number = aliases.find(([name]) => name === alias)?.[1];
  if (number !== undefined) return versionByNumber(client, model, Number(number));
  const names = aliases.map(([name = ""]) => name);
  const message = `the model "${model}" has no alias "${alias}" in MLflow`;
  return stop("mlflow-alias-unknown", message, suggest(alias, names, "its aliases", "it has no aliases"));
}

async function newestVersion(
  client: MlflowClient,
  address: MlflowAddress & { kind: "stage" | "latest" },
): Promise<MlflowVersion> {
  const { model } = address;
  const all = await latestVersions(client, model);
  const fitting = address.kind === "latest" ? all : all.filter(({ stage }) => stage === address.stage);
  const newest = fitting.toSorted((a, b) => b.version - a.version)[0];
  if (newest !== undefined) return versionByNumber(client, model, newest.version);
  if (address.kind === "latest") return stop("mlflow-version-unknown", `"${model}" has no versions yet`, "log one");
  const staged = all.map(({ version, stage }) => `version ${version} is in ${stage}`).join(", ");
  const message = `MLflow has no version of "${model}" in the stage ${address.stage}`;
  return stop("mlflow-stage-empty", message, staged === "" ? "it has no versions yet" : staged);
}

/** The newest version of each stage. */
async function latestVersions(client: MlflowClient, model: string): Promise<readonly MlflowVersion[]> {
  const reply = await registeredModel(client, model, `reading models:/${model}`);
  return listAt(reply, "latest_versions")
    .map(versionOf)
    .filter((version) => version !== null);
}

async function registeredModel(client: MlflowClient, model: string, what: string): Promise<unknown> {
  const query = { name: model };
  const reply = await client.find({ what: oneLine(what), path: `${registry}/registered-models/get`, query });
  if (reply !== null) return objectAt(reply, "registered_model");
  const found = await client.json({
    what: "reading the model registry",
    path: `${registry}/registered-models/search`,
    query: { max_results: "1000" },
  });
  const names = listAt(found, "registered_models").map((entry) => textAt(entry, "name"));
  const message = `MLflow has no registered model "${model}"`;
  return stop("mlflow-model-unknown", message, suggest(model, names, "it has", "its registry is empty"));
}

async function ofRun(client: MlflowClient, id: string, path: string): Promise<Resolved> {
  const source = `runs:/${id}/${path}`;
  const run = await findRun(client, id);
  if (run === null) {
    const hint = "copy the id from the run's page: 32 digits and letters from a to f";
    return stop("mlflow-run-unknown", `MLflow has no run "${id}"`, hint);
  }
  // MLflow 3 keeps a model that a run logs apart from the run's own artifacts; the newest of that name is what is meant.
  const logged = await Promise.all(run.models.map((model) => findLoggedModel(client, model)));
  const named = logged.filter((model) => model !== null && model.name === path).map((model) => model?.place ?? "");
  return { source, run, version: null, places: [...named.toReversed(), `${run.artifactUri}/${path}`] };
}

async function ofLoggedModel(client: MlflowClient, id: string): Promise<Resolved> {
  const found = await findLoggedModel(client, id);
  if (found === null) {
    return stop("mlflow-model-unknown", `MLflow has no model "${id}"`, "copy the id from the model's page");
  }
  const run = found.run === "" ? null : await findRun(client, found.run);
  return { source: `models:/${id}`, version: null, run, places: [found.place] };
}

async function findLoggedModel(client: MlflowClient, id: string) {
  const path = `${registry}/logged-models/${encodeURIComponent(id)}`;
  const reply = await client.find({ what: `reading models:/${oneLine(id, 64)}`, path });
  if (reply === null) return null;
  const info = objectAt(objectAt(reply, "model"), "info");
  return { name: textAt(info, "name"), place: textAt(info, "artifact_uri"), run: textAt(info, "source_run_id") };
}

/** null of a run that is gone. */
async function findRun(client: MlflowClient, id: string): Promise<MlflowRun | null> {
  const call = { what: `reading run ${oneLine(id, 64)}`, path: `${registry}/runs/get`, query: { run_id: id } };
  const reply = await client.find(call);
  return reply === null ? null : runOf(reply);
}

function suggest(wanted: string, names: readonly string[], before: string, none: string): string {
  if (names.length === 0) return none;
  const near = nearestName(wanted, names);
  const listed = names.slice(0, 10).map((name) => oneLine(name, 80));
  const more = names.length > listed.length ? ` and ${names.length - listed.length} more` : "";
  return `${near === null ? "" : `did you mean "${oneLine(near, 80)}"? `}${before}: ${listed.join(", ")}${more}`;
}

function stop(code: Problem["code"], message: string, hint: string): never {
  return fail({ code, message: oneLine(message), hint });
}
