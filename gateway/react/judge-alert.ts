import type { ReadAlert } from "./alerts.ts";
import type { Reactor, Verdict } from "./reactor.ts";
import type { Reconciler } from "./reconciler.ts";

/** What became of one alert of a webhook. */
export interface AlertResult {
  readonly fingerprint: string | null;
  readonly model: string | null;
  readonly version: number | null;
  /** `not-stored`: decided, but not durable yet; Alertmanager is to send again. */
  readonly decision: "cut" | "ignored" | "told" | "malformed" | "not-stored";
  readonly code: string;
  readonly reason: string;
  /** Commit on the base branch, where it is there already. */
  readonly commit: string | null;
}

/** How long a webhook waits for the commits that it caused, in milliseconds. */
const commitWaitMs = 2000;

/** Decides on one alert of a webhook, and waits a moment for the commit that it leads to. */
export async function judgeAlert(
  alert: ReadAlert,
  reactor: Reactor,
  reconciler: Reconciler | null,
): Promise<AlertResult> {
  const { fingerprint } = alert;
  if (alert.kind === "malformed") {
    const reason = alert.problems.map(({ path, message }) => `${path ?? ""} ${message}`.trim()).join("; ");
    return {
      fingerprint,
      model: null,
      version: null,
      decision: "malformed",
      code: "alert-malformed",
      reason,
      commit: null,
    };
  }
  const { model, version } = alert.accusation;
  const verdict = reactor.accuse(alert.accusation);
  const outcome = verdict.cut === null ? null : await reconciler?.committed(verdict.cut, commitWaitMs);
  const commit = outcome?.kind === "committed" ? outcome.oid : null;
  return { fingerprint, model, version, ...told(verdict), commit };
}

function told({ decision, acknowledged }: Verdict): Pick<AlertResult, "decision" | "code" | "reason"> {
  if (!acknowledged) {
    return { decision: "not-stored", code: "store-failed", reason: "the cut is in force, but could not be stored yet" };
  }
  if (decision.kind === "act") return { decision: "cut", code: "cut", reason: decision.cut.reason };
  return { decision: decision.kind === "tell" ? "told" : "ignored", code: decision.code, reason: decision.reason };
}
