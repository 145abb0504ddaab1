import { basename, isAbsolute, relative, resolve } from "node:path";
import { fail, ProblemError } from "../../schemas/problem.ts";
import type { Context } from "../context.ts";
import { UsageError, type Input } from "../flags.ts";
import type { RegisterCommand } from "../gitops/core/change.ts";
import { nameProblems } from "../gitops/core/names.ts";
import { parseMlflowAddress } from "../gitops/core/mlflow-uri.ts";
import { modelOf } from "./target.ts";

/** The file that `register` was given, and what is known of it besides. It may be temporary: dispose of it. */
export interface GivenModel extends Disposable {
  readonly model: string;
  readonly path: string;
  /** Where it is by reference; null: its file goes into the store. */
  readonly uri: string | null;
  /** Metrics of its training; null: not known. */
  readonly metrics: Readonly<Record<string, number>> | null;
  readonly provenance: RegisterCommand["provenance"];
  /** What is wrong with the file, told of the place that the person knows it by. */
  explain(error: unknown): never;
}

/** `--model-path FILE`, `--model-path https://...`, or `--from-mlflow ADDRESS`. */
export async function givenModel(input: Input, context: Context): Promise<GivenModel> {
  const path = input.text("model-path");
  const address = input.text("from-mlflow");
  if (path !== undefined && address !== undefined) {
    throw new UsageError("--model-path and --from-mlflow exclude each other: which of the two?");
  }
  if (address !== undefined) return fromMlflow(address, input, context);
  const model = modelOf(input);
  if (path === undefined) throw new UsageError("--model-path is missing: which file?");
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return byReference(model, path, context);
  const { cwd } = context;
  const place = resolve(cwd, path);
  const { commit, user } = await context.edges.gitFacts(cwd);
  const provenance = { source: shownPath(cwd, place), gitCommit: commit, createdBy: user };
  const metrics = null;
  return {
    model,
    path: place,
    uri: null,
    metrics,
    provenance,
    explain: (error) => raise(error),
    [Symbol.dispose]() {},
  };
}

/** The commit of this clone did not make the model, and its source is where it stays. */
async function byReference(model: string, address: string, context: Context): Promise<GivenModel> {
  const { user } = await context.edges.gitFacts(context.cwd);
  const referred = await context.edges.fetchReferred(address);
  return {
    model,
    path: referred.path,
    uri: referred.uri,
    metrics: null,
    provenance: { source: null, gitCommit: null, createdBy: user },
    explain: (error) => raise(error, (file) => referred.place(file)),
    [Symbol.dispose]: () => referred[Symbol.dispose](),
  };
}

/** The commit of this clone did not make the model: what MLflow noted of the training counts. */
async function fromMlflow(address: string, input: Input, context: Context): Promise<GivenModel> {
  const named = input.args[0] ?? input.text("name");
  const parsed = parseMlflowAddress(address);
  const model = named === undefined ? registeredName("model" in parsed ? parsed.model : null, address) : modelOf(input);
  const mlflow = await context.edges.openMlflow();
  const fetched = await mlflow.fetchModel(address);
  try {
    const { source, gitCommit, metrics, notices, ...facts } = fetched.provenance;
    for (const notice of notices) context.say(`${context.style.yellow("note:")} ${notice}`);
    const { user } = await context.edges.gitFacts(context.cwd);
    return {
      model,
      path: fetched.path,
      uri: null,
      metrics: Object.keys(metrics).length === 0 ? null : metrics,
      provenance: { source, gitCommit, createdBy: user, mlflow: facts },
      explain: (error) => raise(error, (file) => (file === fetched.path ? source : file)),
      [Symbol.dispose]: () => fetched[Symbol.dispose](),
    };
  } catch (error) {
    fetched[Symbol.dispose]();
    throw error;
  }
}

/** Throws the error again; problems of a temporary file become problems of what it was made from. */
function raise(error: unknown, place?: (file: string) => string): never {
  if (!(error instanceof ProblemError) || place === undefined) throw error;
  const problems = error.problems.map((problem) =>
    problem.file === undefined ? problem : { ...problem, file: place(problem.file) },
  );
  throw new ProblemError(problems, { cause: error });
}

/** The name that the model has in MLflow, where it may have it here too. */
function registeredName(name: string | null, address: string): string {
  if (name === null) throw new UsageError(`which model? ${address} has no name in MLflow's registry: give one`);
  if (nameProblems("model", name).length === 0) return name;
  const near = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 63);
  return fail({
    code: "name-invalid",
    message: `${JSON.stringify(name)}, as MLflow calls it, cannot name a model here`,
    hint: `give it a name of lower-case letters, digits and dashes: mmsp register ${near || "NAME"} --from-mlflow ${address}`,
  });
}

/** The path below the working folder; of a file elsewhere only its name: where somebody's folders are is not for git. */
function shownPath(cwd: string, path: string): string {
  const below = relative(cwd, path);
  return below.startsWith("..") || isAbsolute(below) ? basename(path) : below;
}
