import { OutsideError } from "../../../core/ports.ts";
import { networkReason } from "../../network-reason.ts";
import type { S3Access } from "./access.ts";
import { textOf } from "./xml.ts";

/** A refusal by the server, as it was said. */
export class S3Refusal extends Error {
  override readonly name = "S3Refusal";
  readonly status: number;
  /** `NoSuchBucket`; empty where the answer has no body, as to HEAD. */
  readonly code: string;
  readonly region: string | null;
  /** The server's clock, where it tells. */
  readonly serverTime: Date | null;

  constructor(status: number, code: string, said: string, more: { region: string | null; serverTime: Date | null }) {
    super(said);
    this.status = status;
    this.code = code;
    this.region = more.region;
    this.serverTime = more.serverTime;
  }
}

/** Reads an answer that is no success to its end. */
export async function refusalOf(response: Response): Promise<S3Refusal> {
  const body = await response.text();
  const date = new Date(response.headers.get("date") ?? NaN);
  return new S3Refusal(response.status, textOf(body, "Code") ?? "", textOf(body, "Message") ?? "", {
    region: response.headers.get("x-amz-bucket-region") ?? textOf(body, "Region"),
    serverTime: Number.isNaN(date.getTime()) ? null : date,
  });
}

/** Whether the same request may go through a moment later. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof S3Refusal)) return networkReason(error) !== null;
  return error.status >= 500
    ? error.status !== 501
    : error.status === 429 || /^(RequestTimeout|SlowDown)$/.test(error.code);
}

const credentials = new Set([
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "InvalidToken",
  "ExpiredToken",
  "TokenRefreshRequired",
]);
const elsewhere = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
]);

/** What went wrong between us and the bucket, for people; other errors as they are. Credentials never stand in it. */
export function explained(error: unknown, access: S3Access, now: Date): unknown {
  const { store, endpoint, bucket, region } = access;
  const say = (message: string, hint: string, retryable = false): OutsideError =>
    new OutsideError(`${store}: ${message}`, { retryable, hint, cause: error });
  if (!(error instanceof S3Refusal)) {
    const reason = networkReason(error);
    if (reason === null) return error;
    return say(
      `${endpoint} cannot be reached: ${reason}`,
      "check the network and AWS_ENDPOINT_URL_S3; then try again",
      true,
    );
  }
  const { status, code } = error;
  if (code === "NoSuchBucket") {
    return say(
      `there is no bucket "${bucket}" at ${endpoint}`,
      "create it, or correct artifactStore or AWS_ENDPOINT_URL_S3",
    );
  }
  if (code === "RequestTimeTooSkewed" || code === "RequestExpired") {
    const ahead =
      error.serverTime === null ? "" : ` by ${Math.round((now.getTime() - error.serverTime.getTime()) / 1000)} s`;
    return say(
      `this machine's clock differs from the server's${ahead}`,
      "set the clock, such as with NTP; then try again",
    );
  }
  if (credentials.has(code)) {
    const what =
      code === "ExpiredToken" ? "the credentials have expired" : `the credentials are not accepted (${code})`;
    return say(what, "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
  }
  if (elsewhere.has(code) || status === 301) {
    const where =
      error.region === null ? `is not in the region ${region}` : `is in the region ${error.region}, not ${region}`;
    return say(
      `the bucket ${where}`,
      `set AWS_REGION${error.region === null ? " to the bucket's" : `=${error.region}`}`,
    );
  }
  if (status === 403) {
    const hint =
      "the credentials need s3:GetObject there, to register also s3:PutObject and s3:AbortMultipartUpload, and for " +
      "gc --store s3:ListBucket and s3:DeleteObject";
    return say(`access is denied (${code || "403"})`, hint);
  }
  const said = error.message === "" ? "" : `: ${safe(error.message, access)}`;
  const hint = mayPass(error) ? "the store has trouble: try again later" : "check the address and the store's log";
  return say(
    `the server answered ${status}${code === "" ? "" : ` ${safe(code, access)}`}${said}`,
    hint,
    mayPass(error),
  );
}

/** A server may repeat anything that it was sent. */
function safe(text: string, { credentials: { secretAccessKey, sessionToken } }: S3Access): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").replaceAll(secretAccessKey, "...");
  return (sessionToken === null ? line : line.replaceAll(sessionToken, "...")).slice(0, 200);
}
