import { timingSafeEqual } from "node:crypto";
import { Elysia } from "elysia";
import { ProblemError, type Problem } from "../../schemas/problem.ts";
import { RequestError, retryAfter } from "../core/errors.ts";
import { readAlerts } from "../react/alerts.ts";
import type { Gateway } from "./port.ts";
import { readJson } from "./body.ts";

/** Alertmanager groups alerts; a body of this size holds thousands. */
const maxAlertBytes = 4 * 1024 * 1024;

/**
 * `POST /alerts`: Alertmanager's webhook v4 with a bearer token. Acknowledged when every cut that it asks for is stored, or
 * pointless; otherwise 503, so that Alertmanager sends again.
 */
export function alertRoutes(gateway: Gateway) {
  return new Elysia().post(
    "/alerts",
    async ({ request, set }) => {
      const results = await gateway.alerts(await alertsOf(request, gateway));
      if (results.some((result) => result.decision === "not-stored")) {
        set.status = 503;
        set.headers["retry-after"] = retryAfter;
      }
      return { results };
    },
    { parse: "none" },
  );
}

async function alertsOf(request: Request, gateway: Gateway) {
  try {
    authorize(request, gateway.alertsToken);
    return read(await readJson(request, maxAlertBytes));
  } catch (error) {
    if (error instanceof RequestError) gateway.onAlertsRefused(error);
    throw error;
  }
}

function read(body: unknown) {
  try {
    return readAlerts(body);
  } catch (error) {
    if (error instanceof ProblemError) throw new RequestError(400, "alert-malformed", inOneLine(error.problems));
    throw error;
  }
}

function inOneLine(problems: readonly Problem[]): string {
  const hints = [...new Set(problems.map(({ hint }) => hint))];
  return [...problems.map(({ path, message }) => `${path ?? "the body"} ${message}`), ...hints].join("; ");
}

function authorize(request: Request, token: string | null): void {
  if (token === null) {
    throw new RequestError(403, "alerts-off", "alerts are not taken here: set MMSP_ALERTS_TOKEN on the gateway");
  }
  const given = Buffer.from(request.headers.get("authorization") ?? "");
  const expected = Buffer.from(`Bearer ${token}`);
  // Of equal length, compared in constant time: how much of a token is right is nobody's business.
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new RequestError(401, "alerts-token", "the bearer token is missing or wrong");
}
