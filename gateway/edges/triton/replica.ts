import type { ModelVersion } from "../../../schemas/model-version.ts";
import { afterAnswer, afterFailure, newReplica, type Replica } from "../../core/replicas.ts";
import { UpstreamUnreachable, type Upstream, type UpstreamOptions } from "../../core/upstream.ts";
import { createTritonClient, type TritonClient } from "./client.ts";
import { lookAt, type Standing } from "./look.ts";

export type OpenUpstream = (options: UpstreamOptions) => Upstream;

export interface ReplicaOptions {
  readonly open: OpenUpstream;
  /** Milliseconds from the end of one check to the next. */
  readonly intervalMs: number;
  /** Milliseconds that a health check may take. */
  readonly checkMs: number;
  /** The replica has come or gone, or a version at it. */
  readonly onChange: () => void;
}

/** One Triton, with what is known of it: by its health checks, and by how requests to it end. */
export interface TritonReplica {
  readonly address: string;
  /** For requests; the checks have connections of their own. */
  readonly client: TritonClient;
  state(): Replica;
  /** How the version stands here; null while nobody has looked yet. */
  standing(version: ModelVersion): Standing | null;
  /** Asks after the version from now on; resolves when that was done once. */
  watch(version: ModelVersion): Promise<void>;
  forget(version: ModelVersion): void;
  /** It said that it does not have the version: looks at once. */
  doubt(version: ModelVersion): void;
  /** A request failed by the replica's fault. */
  failed(): void;
  answered(): void;
  close(): Promise<void>;
}

/** One check that is late is a hiccup: a load over HTTP holds up the connections that share its thread. */
const missesAtOnce = 2;

/** A version that is not there is looked for again so soon, then after twice as long each time, up to a check's interval. */
const soonMs = 100;
/** After a version answered no made-up row it is tried again only so many intervals later. */
const intervalsOfBroken = 15;

const trafficLimits = { maxConnections: 64, maxQueue: 256 } as const;
const lookLimits = { maxConnections: 4, maxQueue: 10_000 } as const;
/** Of its own: a look may have to wait for a slow answer, which says nothing about the server's health. */
const healthLimits = { maxConnections: 1, maxQueue: 1 } as const;
const looksAtOnce = 2;

interface Watched {
  standing: Standing | null;
  looking: Promise<void> | null;
  /** Looks in vain one after the other. */
  misses: number;
  /** Looks again, sooner than all are looked at. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

export function createReplica(address: string, options: ReplicaOptions): TritonReplica {
  const { open, intervalMs, checkMs, onChange } = options;
  const { origin, pathname } = new URL(address);
  const clientOf = (limits: Partial<UpstreamOptions>): TritonClient =>
    createTritonClient(open({ url: origin, ...limits }), pathname.replace(/\/+$/, ""));
  const [client, looks, health] = [clientOf(trafficLimits), clientOf(lookLimits), clientOf(healthLimits)];
  const watched = new Map<ModelVersion, Watched>();
  let replica = newReplica;
  /** Why it gets no requests; null: it is up. */
  let down: string | null = null;
  let misses = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first: Promise<void> | null = null;
  let closed = false;

  async function look(version: ModelVersion, spot: Watched): Promise<void> {
    const standing = await lookAt(version, looks, spot.standing, checkMs);
    const changed = JSON.stringify(standing) !== JSON.stringify(spot.standing);
    spot.standing = standing;
    if (closed) return;
    spot.misses = standing.kind === "ready" ? 0 : spot.misses + 1;
    if (standing.kind !== "ready" && watched.has(version)) {
      const waitMs =
        standing.kind === "broken"
          ? intervalsOfBroken * intervalMs
          : Math.min(soonMs * 2 ** (spot.misses - 1), intervalMs);
      spot.timer = setTimeout(() => {
        spot.timer = undefined;
        if (down === null) void looked(version);
      }, waitMs);
    }
    if (changed) onChange();
  }

  /** Two that ask at the same time get one answer. */
  function looked(version: ModelVersion): Promise<void> {
    const spot = watched.get(version);
    // One that is not there has a time of its own.
    if (spot === undefined || closed || spot.timer !== undefined) return Promise.resolve();
    spot.looking ??= look(version, spot).finally(() => {
      spot.looking = null;
    });
    return spot.looking;
  }

  async function lookedAtAll(): Promise<void> {
    const left = [...watched.keys()];
    const some = async (): Promise<void> => {
      for (let version = left.pop(); version !== undefined; version = left.pop()) await looked(version);
    };
    await Promise.all(Array.from({ length: looksAtOnce }, some));
  }

  async function check(): Promise<void> {
    const why = await healthOf(health, checkMs);
    misses = why === null ? 0 : misses + (why.certain ? missesAtOnce : 1);
    if (why !== null && misses < missesAtOnce && down === null) return;
    const isNew = (why === null) !== (down === null);
    // What it has is known before requests go to one that is back.
    if (why === null) await lookedAtAll();
    down = why?.message ?? null;
    if (isNew && !closed) onChange();
  }

  /** Never rejects, and goes on until it is closed. */
  async function checkOn(): Promise<void> {
    await check();
    if (!closed) timer = setTimeout(() => void checkOn(), intervalMs);
  }

  return {
    address,
    client,
    state: () => replica,
    standing: (version) => (down === null ? (watched.get(version)?.standing ?? null) : { kind: "absent", why: down }),
    async watch(version) {
      const spot: Watched = { standing: null, looking: null, misses: 0, timer: undefined };
      watched.set(version, spot);
      await (first ??= checkOn());
      if (down === null && spot.standing === null) await looked(version);
    },
    forget(version) {
      clearTimeout(watched.get(version)?.timer);
      watched.delete(version);
    },
    doubt: (version) => void looked(version),
    failed() {
      replica = afterFailure(replica, performance.now());
    },
    answered() {
      replica = afterAnswer(replica, performance.now());
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const spot of watched.values()) clearTimeout(spot.timer);
      await Promise.all([client, looks, health].map((one) => one.close()));
    },
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
