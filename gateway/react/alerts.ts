import { z } from "zod";
import { formatPath, type DocumentPath } from "../../schemas/document.ts";
import { Name, Version } from "../../schemas/fields.ts";
import { ProblemError, type Problem } from "../../schemas/problem.ts";
import { clipEvidence, oneLine } from "../../schemas/plain-text.ts";
import type { Accusation } from "./ports.ts";

/** What an alert of a webhook came to. `fingerprint` is Alertmanager's name for it, for the log. */
export type ReadAlert = { readonly index: number; readonly fingerprint: string | null } & (
  | { readonly kind: "accusation"; readonly accusation: Accusation }
  | { readonly kind: "malformed"; readonly problems: readonly Problem[] }
);

/** Alertmanager's webhook, version 4; what is not read here may be anything. */
const Webhook = z.object({ version: z.literal("4"), alerts: z.array(z.unknown()) });

/** Labels are strings, so a version is one: "3". Not "3.0", not "v3": another spelling may be another thing. */
const VersionLabel = z
  .string()
  .regex(/^[1-9]\d*$/, 'must be a whole number from 1, such as "3"')
  .transform(Number)
  .pipe(Version);

/** RFC 3339 with any offset and nanoseconds, as Go prints times; kept in UTC and milliseconds. */
const Time = z.string().transform((text, context) => {
  const time = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text) && Number.isFinite(time)) return new Date(time).toISOString();
  context.addIssue({ code: "custom", message: "must be a time such as 2026-11-21T08:00:00Z" });
  return z.NEVER;
});

const Alert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: z.object({ model: Name, version: VersionLabel }).catchall(z.string()),
  annotations: z.record(z.string(), z.string()).optional(),
  startsAt: Time.optional(),
});
type Alert = z.infer<typeof Alert>;

/**
 * Reads the body of an Alertmanager webhook (version 4). Each alert stands for itself: a malformed one is told with its
 * problems, and the others go on. Throws a ProblemError where the body as a whole is no webhook.
 */
export function readAlerts(body: unknown): readonly ReadAlert[] {
  const webhook = Webhook.safeParse(body);
  if (!webhook.success) throw new ProblemError(problemsOf(webhook.error, []));
  return webhook.data.alerts.map((raw, index) => {
    const parsed = Alert.safeParse(raw);
    const fingerprint = fingerprintOf(raw);
    if (parsed.success) return { index, fingerprint, kind: "accusation", accusation: accusationOf(parsed.data) };
    return { index, fingerprint, kind: "malformed", problems: problemsOf(parsed.error, ["alerts", index]) };
  });
}

function accusationOf({ status, labels, annotations = {}, startsAt }: Alert): Accusation {
  const { model, version, environment, action, ...others } = labels;
  const name = others["alertname"] ?? "";
  const summary = annotations["summary"] ?? annotations["description"] ?? "";
  const reason = oneLine([name, summary].filter((part) => part.trim() !== "").join(": "));
  return {
    by: "alert",
    model,
    version,
    environment: environment ?? null,
    action: action ?? null,
    status,
    startsAt: startsAt ?? null,
    reason: reason === "" ? "an alert without a name" : reason,
    evidence: clipEvidence([...Object.entries(others), ...Object.entries(annotations)]),
  };
}

function fingerprintOf(raw: unknown): string | null {
  const fingerprint: unknown = (raw as { fingerprint?: unknown } | null)?.fingerprint;
  return typeof fingerprint === "string" ? oneLine(fingerprint, 64) : null;
}

function problemsOf(error: z.ZodError, at: DocumentPath): [Problem, ...Problem[]] {
  const problems = error.issues.map((issue): Problem => {
    const path = oneLine(formatPath([...at, ...issue.path.filter((key) => typeof key !== "symbol")]), 128);
    return { code: "alert-malformed", path, message: messageOf(issue), hint: hintOf(issue) };
  });
  const [first = { code: "alert-malformed", message: "is no alert", hint: webhookHint }, ...others] = problems;
  return [first, ...others];
}

const webhookHint = "send Alertmanager's webhook_config here";

/** zod's words, but for the two that every operator meets: what is not there, and what is no webhook of version 4. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) return "is missing";
  if (issue.code === "invalid_value")
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  if (issue.code === "invalid_format" && issue.path.at(-1) === "model")
    return `must be ${Name.description ?? "a name"}`;
  return issue.message;
}

function hintOf(issue: z.core.$ZodIssue): string {
  const key = issue.path.at(-1);
  if (issue.path.length === 1) return webhookHint;
  return key === "model" || key === "version"
    ? "an alert for mmsp has the labels model and version"
    : "mend the alert rule, or what sends it";
}
