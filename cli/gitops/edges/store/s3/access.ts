import { fail } from "../../../../../schemas/problem.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** Who asks. `sessionToken`: of temporary credentials. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

/** A place in a bucket, and how to get there. */
export interface S3Access {
  /** As it is written in the repository: `s3://bucket/prefix`. */
  readonly store: string;
  /** Origin, perhaps with a path, without `/` at the end. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  readonly credentials: Credentials;
}

/**
 * The bucket of `s3://bucket/prefix`, with what the usual variables say: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN, AWS_REGION (AWS_DEFAULT_REGION), AWS_ENDPOINT_URL_S3 (AWS_ENDPOINT_URL), and before each of them
 * S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_SESSION_TOKEN, S3_REGION, S3_ENDPOINT. Objects are addressed by path
 * (`endpoint/bucket/key`), which Amazon, MinIO, GCS and all others understand.
 */
export function s3Access(store: string, env: Variables): S3Access {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(?:\/(.*))?$/.exec(store) ?? [];
  if (bucket === "" || prefix.split("/").some((part) => part === "." || part === "..")) {
    const message = `${store} names no bucket`;
    return fail({ code: "store-unknown", message, hint: "write it as s3://bucket or s3://bucket/prefix" });
  }
  const said = (...names: readonly string[]): string | null => {
    for (const name of names) if (env[name]) return env[name].trim();
    return null;
  };
  const region = said("S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1";
  const endpoint = said("S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  const accessKeyId = said("S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID");
  const secretAccessKey = said("S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY");
  if (accessKeyId === null || secretAccessKey === null) {
    const missing = accessKeyId === null ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
    return fail({
      code: "store-credentials",
      message: `there are no credentials for ${store}: ${missing} is not set`,
      hint:
        "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary credentials, AWS_SESSION_TOKEN; " +
        "of a profile, `aws configure export-credentials --format env` prints them",
    });
  }
  const trimmed = prefix.replace(/^\/+|\/+$/g, "");
  return {
    store,
    endpoint: endpointOf(endpoint ?? `https://s3.${region}.amazonaws.com`),
    region,
    bucket,
    prefix: trimmed === "" ? "" : `${trimmed}/`,
    credentials: { accessKeyId, secretAccessKey, sessionToken: said("S3_SESSION_TOKEN", "AWS_SESSION_TOKEN") },
  };
}

function endpointOf(text: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  const plain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "";
  if (plain) return url.href.replace(/\/+$/, "");
  return fail({
    code: "store-endpoint",
    message: "the endpoint of the S3 store is no http(s) address without user and query",
    hint: "set AWS_ENDPOINT_URL_S3 (or S3_ENDPOINT) to an address such as https://minio.example.com:9000",
  });
}
