/** One figure: a ratio of two things measured in one run on one machine, because machines differ and are noisy. */
export interface Goal {
  /** null: none is set; the figure only informs. */
  readonly goal: number | null;
  readonly better: "higher" | "lower";
  /** `x`: a ratio without a unit. */
  readonly unit: "x" | "calls";
  readonly what: string;
}

/** Every row of the report, in its order. What is measured against what, and the value to reach. */
export const goals = {
  proxy_rps_vs_nginx: {
    goal: 0.85,
    better: "higher",
    unit: "x",
    what: "infer passed through to a model server / nginx proxy_pass to the same one, requests a second",
  },
  proxy_p99_vs_nginx: {
    goal: 1.5,
    better: "lower",
    unit: "x",
    what: "infer passed through to a model server / nginx proxy_pass to the same one, p99 at 32 connections",
  },
  embedded_rps_vs_route: {
    goal: 0.85,
    better: "higher",
    unit: "x",
    what: "predict by a logistic regression / the route without inference, requests a second",
  },
  embedded_mlp_rps_vs_route: {
    goal: 0.75,
    better: "higher",
    unit: "x",
    what: "predict by a 10-256-256-2 network / the route without inference, requests a second",
  },
  embedded_p50_c1_vs_direct: {
    goal: 1.05,
    better: "lower",
    unit: "x",
    what: "p50 at one connection with micro-batching / without",
  },
  embedded_rps_vs_fastapi: {
    goal: 8,
    better: "higher",
    unit: "x",
    what: "predict / FastAPI + uvicorn + onnxruntime, requests a CPU second",
  },
  grpc_rps_vs_http: {
    goal: null,
    better: "higher",
    unit: "x",
    what: "infer by a logistic regression over gRPC, raw contents / over HTTP/1.1, binary tensors, requests a second",
  },
  record_vs_observe: {
    goal: 4,
    better: "lower",
    unit: "x",
    what: "everything recorded for a request / one prom-client observe with 3 labels",
  },
  scrape_vs_prom_client: {
    goal: 0.45,
    better: "lower",
    unit: "x",
    what: "/metrics of 5,000 lines / prom-client's of the same series, each changed since the last scrape",
  },
  cli_version_vs_bun: { goal: 2.5, better: "lower", unit: "x", what: "mmsp --version / bun with an empty file" },
  cli_status_vs_bun: {
    goal: 6,
    better: "lower",
    unit: "x",
    what: "mmsp status, 3 environments x 10 models / bun with an empty file",
  },
  validate_1000_vs_parse: {
    goal: 0.6,
    better: "lower",
    unit: "x",
    what: "mmsp validate, 1,000 documents / yaml's parseDocument of them in one thread",
  },
  github_calls: {
    goal: 5,
    better: "lower",
    unit: "calls",
    what: "API calls of one mmsp deploy; trees of 10, 1,000 and 10,000 models and one of 500 branches left behind, the most",
  },
  alert_to_cut_vs_rtt: {
    goal: 10,
    better: "lower",
    unit: "x",
    what: "webhook to the last request that the version got, under load / round trip of GET /health",
  },
  alert_to_commit_vs_replay: {
    goal: 1.5,
    better: "lower",
    unit: "x",
    what: "webhook to the commit on the base branch / the same API calls by bare fetch",
  },
} as const satisfies Readonly<Record<string, Goal>>;

export type RowName = keyof typeof goals;

export function isRowName(name: string): name is RowName {
  return Object.hasOwn(goals, name);
}
