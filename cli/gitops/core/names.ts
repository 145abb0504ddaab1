import { reservedNames } from "../../../schemas/limits.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { inPromotionOrder } from "../../../schemas/tree.ts";
import type { PlanState } from "./change.ts";
import { nearestName } from "../../../schemas/words.ts";

/** `Name` of schemas/fields.ts, whose module loads zod; a test holds the two together. */
const namePattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const maxNameLength = 63;

/** Names listed in a message before it says how many more there are. */
const maxListed = 10;

/** What is wrong with the name itself. Ask before a name becomes part of a path or a branch. */
export function nameProblems(what: "model" | "environment", name: string): Problem[] {
  if (name.length > maxNameLength || !namePattern.test(name)) {
    const shown = JSON.stringify(name.length > maxNameLength ? `${name.slice(0, maxNameLength)}...` : name);
    const hint = `lower-case letters, digits and dashes, at most ${maxNameLength}, first and last no dash`;
    return [{ code: "name-invalid", message: `${shown} cannot name ${what === "model" ? "a" : "an"} ${what}`, hint }];
  }
  if (reservedNames.some((reserved) => reserved === name)) {
    const message = `"${name}" cannot name ${what === "model" ? "a" : "an"} ${what}: it means something else in environments/`;
    return [{ code: "name-reserved", message, hint: `not one of ${reservedNames.join(", ")}` }];
  }
  return [];
}

/** The environment has a name and a readable policy, or what is in the way. */
export function environmentProblems(state: PlanState, name: string): Problem[] {
  const invalid = nameProblems("environment", name);
  if (invalid.length > 0 || state.tree.environments.has(name)) return invalid;
  if (state.environmentNames.includes(name)) {
    const message = `environment "${name}" has no environment.yaml that can be read`;
    return [{ code: "environment-unreadable", message, hint: "mmsp validate says what is wrong with it" }];
  }
  const names = [...state.tree.environments.keys(), ...state.environmentNames].toSorted(inPromotionOrder(state.tree));
  const hint = suggest(name, names, "environments");
  return [{ code: "environment-unknown", message: `there is no environment "${name}"`, hint }];
}

/** The model has at least one registered version, or what is in the way. */
export function modelProblems(state: PlanState, name: string): Problem[] {
  const invalid = nameProblems("model", name);
  if (invalid.length > 0 || (state.tree.versions.get(name)?.size ?? 0) > 0) return invalid;
  const hint = suggest(name, [...state.tree.versions.keys(), ...state.modelNames], "registered models");
  return [{ code: "model-unknown", message: `there is no model "${name}" in the registry`, hint }];
}

/** Model and version are registered, or what is in the way. */
export function versionProblems(state: PlanState, model: string, version: number): Problem[] {
  const unknown = modelProblems(state, model);
  const registered = state.tree.versions.get(model);
  if (unknown.length > 0 || registered?.has(version)) return unknown;
  const existing = [...(registered?.keys() ?? [])].toSorted((a, b) => a - b).map(String);
  const hint = suggest(String(version), existing, "registered versions");
  return [{ code: "version-unknown", message: `version ${version} of ${model} is not in the registry`, hint }];
}

/** `did you mean "fraud"? registered models: fraud, churn`. */
function suggest(wanted: string, existing: readonly string[], what: string): string {
  const names = [...new Set(existing)].filter((name) => name !== wanted);
  if (names.length === 0) return `there are no ${what} yet`;
  const nearest = nearestName(wanted, names);
  const listed = names.slice(0, maxListed).join(", ");
  const more = names.length > maxListed ? ` and ${names.length - maxListed} more` : "";
  return `${nearest !== null ? `did you mean "${nearest}"? ` : ""}${what}: ${listed}${more}`;
}
