/** Alertmanager's webhook bodies, version 4, as it sends them. */
export interface AlertOptions {
  readonly status?: "firing" | "resolved";
  readonly labels?: Readonly<Record<string, string>>;
  readonly startsAt?: string;
}

/** An alert about version 2 of fraud. */
export function alertOf({ status = "firing", labels = {}, startsAt = new Date().toISOString() }: AlertOptions = {}) {
  return {
    status,
    labels: { alertname: "ErrorRateHigh", severity: "page", model: "fraud", version: "2", ...labels },
    annotations: { summary: "one in three fails" },
    startsAt,
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "http://prometheus.example/graph",
    fingerprint: "c0ffee0123456789",
  };
}

export function webhookOf(...alerts: readonly object[]) {
  return {
    version: "4",
    groupKey: '{}:{alertname="ErrorRateHigh"}',
    truncatedAlerts: 0,
    status: "firing",
    receiver: "mmsp",
    groupLabels: { alertname: "ErrorRateHigh" },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "http://alertmanager.example",
    alerts,
  };
}
