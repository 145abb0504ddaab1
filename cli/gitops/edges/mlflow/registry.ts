import { oneLine } from "../../../../schemas/plain-text.ts";
import type { MlflowAction, MlflowModelState } from "../../core/mlflow-sync.ts";
import type { Call, MlflowClient } from "./client.ts";
import { listAt, objectAt, textAt, versionOf } from "./replies.ts";

const api = "/api/2.0/mlflow";

/** A registry page; MLflow gives at most 200,000. */
const pageSize = 1000;

/** Aliases and versions of a registered model; null where there is none of that name. */
export async function readModel(client: MlflowClient, name: string): Promise<MlflowModelState | null> {
  const what = `reading models:/${oneLine(name, 200)}`;
  const query = { name };
  const reply = await client.find({ what, path: `${api}/registered-models/get`, query });
  if (reply === null) return null;
  const aliases = listAt(objectAt(reply, "registered_model"), "aliases").map(
    (entry) => [textAt(entry, "alias"), Number(textAt(entry, "version"))] as const,
  );
  const versions = (await versionsOf(client, name, what)).map((version) => [version.version, version] as const);
  return { aliases: new Map(aliases), versions: new Map(versions) };
}

async function versionsOf(client: MlflowClient, name: string, what: string) {
  const found: NonNullable<ReturnType<typeof versionOf>>[] = [];
  // Its filters know no escapes: a name that holds one kind of quotes stands in the other.
  const filter = name.includes("'") ? `name="${name}"` : `name='${name}'`;
  for (let token: string | null = ""; token !== null;) {
    const query = { filter, max_results: String(pageSize), ...(token === "" ? {} : { page_token: token }) };
    const page = await client.json({ what, path: `${api}/model-versions/search`, query });
    found.push(
      ...listAt(page, "model_versions")
        .map(versionOf)
        .filter((version) => version !== null),
    );
    const next = textAt(page, "next_page_token");
    token = next === "" || next === token ? null : next;
  }
  return found;
}

/** Makes one change; made again, it changes nothing. */
export async function applyAction(client: MlflowClient, action: MlflowAction): Promise<void> {
  const what = `changing models:/${oneLine(action.model, 200)}/${action.version}`;
  await client.json({ what, ...callOf(action) });
}

function callOf(action: MlflowAction): Pick<Call, "method" | "path" | "body"> {
  const place = { name: action.model, version: String(action.version) };
  switch (action.kind) {
    case "set-alias":
      return { method: "POST", path: `${api}/registered-models/alias`, body: { ...place, alias: action.alias } };
    case "remove-alias": {
      const body = { name: action.model, alias: action.alias };
      return { method: "DELETE", path: `${api}/registered-models/alias`, body };
    }
    case "set-stage": {
      const body = { ...place, stage: action.stage, archive_existing_versions: false };
      return { method: "POST", path: `${api}/model-versions/transition-stage`, body };
    }
    case "set-tag": {
      const body = { ...place, key: action.key, value: action.value };
      return { method: "POST", path: `${api}/model-versions/set-tag`, body };
    }
    case "remove-tag":
      return { method: "DELETE", path: `${api}/model-versions/delete-tag`, body: { ...place, key: action.key } };
  }
}
