import { fail } from "../../../schemas/problem.ts";
import { nearestName } from "../../../schemas/words.ts";

/** Stages of a model version in MLflow, as it spells them. */
export const stages = ["None", "Staging", "Production", "Archived"] as const;
export type Stage = (typeof stages)[number];

/** What a `models:/` or `runs:/` address asks for. */
export type MlflowAddress =
  | { readonly kind: "version"; readonly model: string; readonly version: number }
  | { readonly kind: "alias"; readonly model: string; readonly alias: string }
  | { readonly kind: "stage"; readonly model: string; readonly stage: Stage }
  | { readonly kind: "latest"; readonly model: string }
  /** A model of MLflow 3 by its own id, registered or not: what `log_model(...).model_uri` says. */
  | { readonly kind: "logged"; readonly id: string }
  | { readonly kind: "run"; readonly run: string; readonly path: string };

const forms = "models:/NAME/VERSION, models:/NAME@alias, models:/NAME/Production or runs:/RUN_ID/path";

/** Reads an address as MLflow's own clients do. Throws a ProblemError that shows the forms there are. */
export function parseMlflowAddress(text: string): MlflowAddress {
  // Beyond that MLflow has no names, and messages should not hold more.
  const plain = text.length <= 1024 && !/\p{Cc}/u.test(text);
  const [, scheme, rest = ""] = (plain && /^(models|runs):\/+([^/].*)$/.exec(text.trim())) || [];
  if (scheme === "runs") return runAddress(text, rest);
  if (scheme === "models" && !text.trim().startsWith("models://")) return modelAddress(text, rest);
  return malformed(text, `write it as ${forms}`);
}

function runAddress(text: string, rest: string): MlflowAddress {
  const [run = "", ...parts] = rest.split("/").filter((part) => part !== "");
  if (parts.length === 0) return malformed(text, `say which artifact of the run: runs:/${run}/model`);
  if (parts.some((part) => part === "." || part === "..")) return malformed(text, "leave . and .. out of the path");
  return { kind: "run", run, path: parts.join("/") };
}

function modelAddress(text: string, rest: string): MlflowAddress {
  const [model = "", suffix, ...more] = rest.split("/");
  if (more.length > 0 || model.trim() === "" || suffix?.trim() === "") return malformed(text, `write it as ${forms}`);
  if (suffix === undefined) return unsuffixed(text, model);
  if (/^\d+$/.test(suffix)) return { kind: "version", model, version: versionNumber(text, suffix) };
  if (suffix.toLowerCase() === "latest") return { kind: "latest", model };
  const stage = stages.find((known) => known.toLowerCase() === suffix.toLowerCase());
  if (stage !== undefined) return { kind: "stage", model, stage };
  const near = nearestName(suffix, stages);
  const meant = near === null ? `an alias is written models:/${model}@${suffix}` : `did you mean ${near}?`;
  return malformed(text, `${meant}; stages are ${stages.join(", ")}`);
}

function unsuffixed(text: string, model: string): MlflowAddress {
  const at = model.lastIndexOf("@");
  if (at > 0 && at < model.length - 1) {
    return { kind: "alias", model: model.slice(0, at), alias: model.slice(at + 1) };
  }
  if (/^m-[0-9a-f]{32}$/.test(model)) return { kind: "logged", id: model };
  return malformed(text, `say which version: models:/${model}/1, models:/${model}@champion or models:/${model}/latest`);
}

function versionNumber(text: string, digits: string): number {
  const version = Number(digits);
  return version >= 1 && version <= 2147483647 ? version : malformed(text, "versions count from 1");
}

function malformed(text: string, hint: string): never {
  const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
  return fail({ code: "mlflow-address", message: `--from-mlflow: ${shown} names no model of MLflow`, hint });
}
