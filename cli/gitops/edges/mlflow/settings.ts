import { fail } from "../../../../schemas/problem.ts";

/** Where the tracking server is, and who asks. */
export interface MlflowSettings {
  /** Without credentials and without a slash at its end: may be shown. */
  readonly url: string;
  /** Value of the Authorization header. */
  readonly authorization: string | null;
  /** Texts that must never be shown, in whatever somebody else says. */
  readonly secrets: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * MLflow's own variables: MLFLOW_TRACKING_URI, and MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD or else
 * MLFLOW_TRACKING_TOKEN, in the order in which its clients take them. Throws a ProblemError where they cannot be used.
 */
export function mlflowSettings(env: Variables): MlflowSettings {
  const given = env["MLFLOW_TRACKING_URI"]?.trim();
  if (!given) {
    return fail({
      code: "mlflow-uri-missing",
      message: "which MLflow server? MLFLOW_TRACKING_URI is not set",
      hint: "set it to the address of the tracking server: MLFLOW_TRACKING_URI=https://mlflow.example.com",
    });
  }
  // The address itself may hold a password: it is not shown where it cannot be read.
  if (!/^https?:\/\//i.test(given) || !URL.canParse(given)) {
    return fail({
      code: "mlflow-uri",
      message: "MLFLOW_TRACKING_URI is not an http or https address",
      hint: "mmsp speaks to a tracking server (mlflow server ...), not to a database, a folder or a service's profile",
    });
  }
  const url = new URL(given);
  const user = env["MLFLOW_TRACKING_USERNAME"] || decoded(url.username);
  const password = env["MLFLOW_TRACKING_PASSWORD"] || decoded(url.password);
  const token = env["MLFLOW_TRACKING_TOKEN"]?.trim() || "";
  for (const [name, value] of Object.entries({ USERNAME: user, PASSWORD: password, TOKEN: token })) {
    if (/[\r\n\0]/.test(value)) malformed(`MLFLOW_TRACKING_${name}`);
  }
  if (/[^\x21-\x7e]/.test(token)) malformed("MLFLOW_TRACKING_TOKEN");
  const basic = user !== "" && password !== "" ? Buffer.from(`${user}:${password}`).toString("base64") : "";
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    authorization: basic !== "" ? `Basic ${basic}` : token === "" ? null : `Bearer ${token}`,
    secrets: [token, password, encodeURIComponent(password), basic].filter((text) => text !== ""),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function malformed(name: string): never {
  return fail({
    code: "mlflow-credentials-malformed",
    message: `${name} holds characters that it cannot have`,
    hint: "copy it again, without line breaks and quotes",
  });
}
