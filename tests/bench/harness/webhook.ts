/** The gateway as people start it. */
export const gatewayScript = new URL("../../../gateway/main.ts", import.meta.url).pathname;

export const alertsToken = "bench-alerts-token";

/** Alertmanager's webhook, version 4, that says a version is bad. */
export function accusation(model: string, version: number): string {
  return JSON.stringify({
    version: "4",
    groupKey: "{}",
    status: "firing",
    receiver: "mmsp",
    alerts: [
      {
        status: "firing",
        labels: { alertname: "CanaryErrors", model, version: String(version), environment: "dev", action: "rollback" },
        annotations: { summary: "too many errors" },
        startsAt: new Date().toISOString(),
        endsAt: "0001-01-01T00:00:00Z",
        fingerprint: "0123456789abcdef",
      },
    ],
  });
}
