import type { Fleet } from "./fleet/fleet.ts";
import { readAlerts } from "./react/alerts.ts";
import type { Accusation, Clock, Decision } from "./react/ports.ts";
import type { ServingView } from "./serving-view.ts";

/**
 * Reads an alert and decides on it for every version that is served, without any effect: code is compiled when it first
 * runs, and no real alert should wait for that.
 */
export function rehearse(
  fleet: Fleet,
  decide: (accusation: Accusation, view: ServingView) => Decision,
  view: (accusation: Accusation) => ServingView,
  environment: string,
  clock: Clock,
): void {
  const startsAt = new Date(clock.now()).toISOString();
  for (const { model, stable, canary } of fleet.table().models.values()) {
    for (const target of [stable, canary]) {
      if (target === null) continue;
      const labels = {
        alertname: "Rehearsal",
        model,
        version: String(target.version),
        environment,
        action: "rollback",
      };
      for (const alert of readAlerts({ version: "4", alerts: [{ status: "firing", labels, startsAt }] })) {
        if (alert.kind === "accusation") decide(alert.accusation, view(alert.accusation));
      }
    }
  }
  fleet.applyCuts();
}
