import { DidNotHappen, must, poll } from "./wait.ts";

/** What the demo reads of `GET /status`. */
export interface GatewayStatus {
  readonly revision: string;
  readonly models: readonly {
    readonly model: string;
    readonly stable: { readonly version: number } | null;
    readonly canary: { readonly version: number; readonly weight: number } | null;
    readonly guard: { readonly kind: string; readonly reason: string } | null;
  }[];
  readonly cuts: readonly GatewayCut[];
  readonly problems: readonly { readonly message: string }[];
}

export interface GatewayCut {
  readonly model: string;
  readonly version: number;
  readonly by: string;
  readonly reason: string;
  /** RFC 3339, by the gateway's clock, which is this machine's. */
  readonly at: string;
}

/** How often the gateway is asked for a cut, in milliseconds; the cut says itself when it was. */
const askMs = 10;

export async function readStatus(url: string): Promise<GatewayStatus> {
  return JSON.parse(await ask(url, "GET", "/status")) as GatewayStatus;
}

/** Tells the gateway that main has moved, as GitHub's webhook would, until it serves that very commit. */
export async function followTo(url: string, commit: string, signal: AbortSignal): Promise<GatewayStatus> {
  const what = `the gateway serves ${commit.slice(0, 7)}`;
  const reload = async (): Promise<GatewayStatus | null> => {
    await ask(url, "POST", "/reload");
    const status = await readStatus(url);
    return status.revision === commit ? status : null;
  };
  return poll(reload, { what, signal, everyMs: 100 });
}

/** Waits for the gateway to cut a version. */
export async function cutOf(url: string, version: number, signal: AbortSignal): Promise<GatewayCut> {
  const look = async (): Promise<GatewayCut | null> =>
    (await readStatus(url)).cuts.find((cut) => cut.version === version) ?? null;
  return poll(look, { what: `the gateway cuts version ${version}`, signal, everyMs: askMs });
}

/** Requests that the gateway itself has counted for a version, over all phases. */
export async function countedRequests(url: string, version: number): Promise<number> {
  return sumRequests(await ask(url, "GET", "/metrics"), version);
}

/** Adds up `gateway_request_total` of a version in the Prometheus text format. */
export function sumRequests(metrics: string, version: number): number {
  return metrics
    .split("\n")
    .filter((line) => line.startsWith("gateway_request_total{") && line.includes(`version="${version}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Any answer but 200, and none at all, means that the gateway does not do what the demo is about. */
async function ask(url: string, method: "GET" | "POST", path: string): Promise<string> {
  const response = await fetch(`${url}${path}`, { method }).catch((error: unknown) => {
    throw new DidNotHappen(`the gateway does not answer ${method} ${path}`, { cause: error });
  });
  must(response.ok, `the gateway answered ${method} ${path} with ${response.status}`);
  return response.text();
}
