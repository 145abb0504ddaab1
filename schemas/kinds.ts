import type { ErrorObject, ValidateFunction } from "ajv";
import { accepts, type JsonSchema } from "./accept.ts";
import type { Environment } from "./environment.ts";
import environment from "./json/environment.json" with { type: "json" };
import modelDeployment from "./json/model-deployment.json" with { type: "json" };
import modelVersion from "./json/model-version.json" with { type: "json" };
import project from "./json/project.json" with { type: "json" };
import type * as Validators from "./json/validators.js";
import type { ModelDeployment } from "./model-deployment.ts";
import type { ModelVersion } from "./model-version.ts";
import type { Project } from "./project.ts";

/** Whether a value is of a kind; where it is not, `errors` tells everything that is wrong with it. */
export interface Validate<T> {
  (value: unknown): value is T;
  errors?: ErrorObject[] | null | undefined;
}

export const validateEnvironment = validator<Environment>(environment, (all) => all.validateEnvironment);
export const validateModelDeployment = validator<ModelDeployment>(
  modelDeployment,
  (all) => all.validateModelDeployment,
);
export const validateModelVersion = validator<ModelVersion>(modelVersion, (all) => all.validateModelVersion);
export const validateProject = validator<Project>(project, (all) => all.validateProject);

/** Only a value that does not fit is worth loading ajv's validators, which take longer to load than most trees to check. */
function validator<T>(schema: object, choose: (all: typeof Validators) => ValidateFunction<T>): Validate<T> {
  const validate: Validate<T> = (value): value is T => {
    if (accepts(schema as JsonSchema, value)) return true;
    const explain = choose(require("./json/validators.js") as typeof Validators);
    const isValid = explain(value);
    validate.errors = explain.errors;
    return isValid;
  };
  return validate;
}
