import type { ModelVersion } from "../../../schemas/model-version.ts";
import { afterAnswer, afterFailure, isEjected, newReplica, type Replica } from "../../core/replicas.ts";
import type { ServerState } from "../../core/ports.ts";
import { UpstreamUnreachable, type Upstream, type UpstreamOptions } from "../../core/upstream.ts";
import { createTritonClient, type TritonClient } from "./client.ts";
import type { Standing } from "./look.ts";
import { createWatch } from "./watch.ts";

export type OpenUpstream = (options: UpstreamOptions) => Upstream;

/** What requests may take of one replica. */
export interface TrafficLimits {
  /** Requests at a time, each on a connection of its own. */
  readonly maxConnections: number;
  /** Requests that may wait for a connection; more are turned away. */
  readonly maxQueue: number;
}

export interface ReplicaOptions {
  readonly open: OpenUpstream;
  /** Milliseconds from the end of one check to the next. */
  readonly intervalMs: number;
  /** Milliseconds that a health check may take. */
  readonly checkMs: number;
  readonly traffic: TrafficLimits;
  /** The replica has come or gone, or a version at it. */
  readonly onChange: () => void;
}

/** One Triton, with what is known of it: by its health checks, and by how requests to it end. */
export interface TritonReplica {
  readonly address: string;
  /** The address as people are told it. */
  readonly name: string;
  /** For requests; the checks have connections of their own. */
  readonly client: TritonClient;
  /** How requests for the version ended here lately. */
  state(version: ModelVersion): Replica;
  /** null until it was asked once. */
  health(): ServerState | null;
  /** How the version stands here; null while nobody has looked yet. */
  standing(version: ModelVersion): Standing | null;
  /** Asks after the version from now on; resolves when that was done once. */
  watch(version: ModelVersion): Promise<void>;
  forget(version: ModelVersion): void;
  /** It said that it does not have the version: looks at once. */
  doubt(version: ModelVersion): void;
  /** A request for the version failed here. `others`: how such requests end at the others that have it. */
  failed(version: ModelVersion, others: readonly Replica[]): void;
  answered(version: ModelVersion): void;
  close(): Promise<void>;
}

/** One check that is late is a hiccup: a load over HTTP holds up the connections that share its thread. */
const missesAtOnce = 2;

const lookLimits = { maxConnections: 4, maxQueue: 10_000 } as const;
/** Of its own: a look may have to wait for a slow answer, which says nothing about the server's health. */
const healthLimits = { maxConnections: 1, maxQueue: 1 } as const;

export function createReplica(address: string, options: ReplicaOptions): TritonReplica {
  const { open, intervalMs, checkMs, traffic } = options;
  const { origin, pathname } = new URL(address);
  const prefix = pathname.replace(/\/+$/, "");
  const name = `${origin}${prefix}`;
  const clientOf = (limits: Partial<UpstreamOptions>): TritonClient =>
    createTritonClient(open({ url: origin, ...limits }), prefix);
  const [client, looks, health] = [clientOf(traffic), clientOf(lookLimits), clientOf(healthLimits)];
  /** Why it gets no requests; null: it is up. */
  let down: string | null = null;
  let misses = 0;
  let asked = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first: Promise<void> | null = null;
  let closed = false;
  const onChange = (): void => {
    if (!closed) options.onChange();
  };
  const requests = createRequestRecord(onChange);
  const watch = createWatch({ client: looks, intervalMs, checkMs, isUp: () => down === null, onChange });

  async function check(): Promise<void> {
    const why = await healthOf(health, checkMs);
    asked = true;
    misses = why === null ? 0 : misses + (why.certain ? missesAtOnce : 1);
    if (why !== null && misses < missesAtOnce && down === null) return;
    const isNew = (why === null) !== (down === null);
    // What it has is known before requests go to one that is back.
    if (why === null) await watch.lookAtAll();
    down = why?.message ?? null;
    if (isNew) onChange();
  }

  /** Never rejects, and goes on until it is closed. */
  async function checkOn(): Promise<void> {
    await check();
    if (!closed) timer = setTimeout(() => void checkOn(), intervalMs);
  }

  return {
    address,
    name,
    client,
    ...requests,
    health() {
      if (!asked) return null;
      return { address: name, down: down ?? (requests.isFailing() ? "its last requests failed" : null) };
    },
    standing: (version) => (down === null ? watch.standing(version) : { kind: "absent", why: down }),
    async watch(version) {
      watch.add(version);
      await (first ??= checkOn());
      if (down === null && watch.standing(version) === null) await watch.look(version);
    },
    forget: (version) => (watch.remove(version), requests.forget(version)),
    doubt: (version) => void watch.look(version),
    async close() {
      closed = true;
      clearTimeout(timer);
      watch.stop();
      await Promise.all([client, looks, health].map((one) => one.close()));
    },
  };
}

interface RequestRecord extends Pick<TritonReplica, "state" | "failed" | "answered" | "forget"> {
  /** It is ejected for some version. */
  isFailing(): boolean;
}

/** How requests to it ended, by version. `onChange`: it is ejected, or it is not any more. */
function createRequestRecord(onChange: () => void): RequestRecord {
  const records = new Map<ModelVersion, Replica>();
  const state = (version: ModelVersion): Replica => records.get(version) ?? newReplica;
  function note(version: ModelVersion, next: Replica): void {
    const last = state(version);
    if (next === last) return;
    records.set(version, next);
    if (isEjected(next) !== isEjected(last)) onChange();
  }
  return {
    state,
    isFailing: () => [...records.values()].some(isEjected),
    failed: (version, others) => note(version, afterFailure(state(version), others, performance.now())),
    answered: (version) => note(version, afterAnswer(state(version), performance.now())),
    forget: (version) => void records.delete(version),
  };
}

/** null: it says that it is live. `certain`: there is no need to ask again. */
async function healthOf(
  checks: TritonClient,
  checkMs: number,
): Promise<{ readonly message: string; readonly certain: boolean } | null> {
  try {
    return (await checks.isLive(checkMs)) ? null : { message: "it says that it is not live", certain: true };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { message, certain: error instanceof UpstreamUnreachable };
  }
}
