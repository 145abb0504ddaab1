import { oneLine } from "../../../../schemas/plain-text.ts";
import { fail } from "../../../../schemas/problem.ts";
import { withoutSecrets } from "../../../../schemas/secrets.ts";
import { OutsideError } from "../../core/ports.ts";
import type { MlflowSettings } from "./settings.ts";

/** A reply of the server that is no success. */
export interface Fault {
  readonly status: number;
  /** MLflow's `error_code`; empty where the reply is not MLflow's. */
  readonly code: string;
  readonly message: string;
}

/** Of a reply's body: MLflow's JSON, FastAPI's `detail`, or plain text. */
export function faultOf(status: number, body: string): Fault {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = null;
  }
  const field = (name: string): string => {
    const text: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : null;
    return typeof text === "string" ? text : "";
  };
  // A web page says nothing that would fit into a line.
  const plain = value === null && !body.trimStart().startsWith("<") ? body : "";
  return { status, code: field("error_code"), message: field("message") || field("detail") || plain };
}

/** The server says that there is nothing of that name; what else it may mean by 404 is told apart. */
export function isAbsent({ status, code }: Fault): boolean {
  return status === 404 && code === "RESOURCE_DOES_NOT_EXIST";
}

/** Throws what people can read. `what`: what was being tried, such as `reading models:/fraud/3`. */
export function raise(fault: Fault, what: string, settings: MlflowSettings): never {
  const { status } = fault;
  const server = new URL(settings.url).host;
  const words = quoted(fault, settings);
  if (status === 401) {
    const set = settings.authorization === null ? "none are set" : "those that are set are not accepted";
    return fail({
      code: "mlflow-unauthorized",
      message: `${what}: MLflow at ${server} asks for credentials, and ${set}`,
      hint: "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
    });
  }
  if (status === 403) {
    return fail({
      code: "mlflow-forbidden",
      message: `${what}: MLflow at ${server} does not allow it${words}`,
      hint: "ask for READ on the experiment and the registered model, and for EDIT where aliases and tags are to be set",
    });
  }
  if (status === 503 && isRefusal(fault.message)) return notServed(what, `MLflow at ${server}`);
  if (status >= 300 && status < 400) return notMlflow(`${what}: ${server} sends the call elsewhere (${status})`);
  if (status === 404 && fault.code === "") return notMlflow(`${what}: ${server} does not know this call (404)`);
  const retryable = isPassing(status);
  throw new OutsideError(`${what}: MLflow at ${server} answered ${status}${words}`, {
    retryable,
    hint: retryable ? "try again; nothing is half done" : "the server's log says more",
  });
}

/** A 503 that does not pass: what a server without `--serve-artifacts` says of every artifact. */
export function isRefusal(text: string): boolean {
  return text.includes("serve-artifacts");
}

/** 5xx and rate limits pass. */
export function isPassing(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501);
}

export function notMlflow(message: string): never {
  return fail({
    code: "mlflow-not-there",
    message,
    hint: "check MLFLOW_TRACKING_URI: the address of the server itself, with its path, as `mlflow` on the command line takes it",
  });
}

/** Artifacts that only somebody with the store's own credentials can read. */
export function notServed(what: string, who: string): never {
  return fail({
    code: "mlflow-artifacts-not-served",
    message: `${what}: ${who} does not serve artifacts, and mmsp reads them through the server alone`,
    hint:
      "start it as `mlflow server --serve-artifacts --artifacts-destination STORE` and log the model again; or download " +
      "the model (mlflow artifacts download) and name its file: mmsp register NAME --model-path FILE",
  });
}

/** The connection failed. `cause` may hold the address as it was called, which has no credentials. */
export function unreachable(what: string, settings: MlflowSettings, cause: unknown): OutsideError {
  const timedOut = cause instanceof Error && cause.name === "TimeoutError";
  const said = timedOut ? "did not answer in time" : "cannot be reached";
  return new OutsideError(`${what}: MLflow at ${new URL(settings.url).host} ${said}`, {
    retryable: true,
    hint: "check that the server runs, the network and MLFLOW_TRACKING_URI, and try again",
    cause,
  });
}

/** What the server says, in brackets: one line, without what is secret. */
function quoted({ message }: Fault, { secrets }: MlflowSettings): string {
  const line = oneLine(withoutSecrets(message, secrets), 300);
  return line === "" ? "" : ` (${line})`;
}
