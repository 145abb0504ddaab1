import type { LoadedModel, ModelServer } from "../../core/ports.ts";
import { createTritonModel } from "./model.ts";
import { createReplica, type OpenUpstream, type TrafficLimits, type TritonReplica } from "./replica.ts";

export interface TritonOptions {
  readonly open: OpenUpstream;
  /** Milliseconds between two checks of a replica. Default 2000. */
  readonly intervalMs?: number;
  /** Milliseconds that a check may take. Default 1500. */
  readonly checkMs?: number;
  /** For each replica. */
  readonly traffic?: TrafficLimits;
}

export const defaultTraffic: TrafficLimits = { maxConnections: 64, maxQueue: 256 };

/**
 * Versions on replicas of NVIDIA Triton, over HTTP, each under the model's own name and number. Replicas are shared by the
 * versions that are asked of them, and are let go of with the last.
 */
export function createTriton(options: TritonOptions): ModelServer {
  const { open, intervalMs = 2000, checkMs = 1500, traffic = defaultTraffic } = options;
  const used = new Map<string, { readonly replica: TritonReplica; users: number }>();
  const models = new Set<LoadedModel>();
  const watchers = new Set<() => void>();
  const onChange = (): void => {
    for (const watcher of watchers) watcher();
  };

  function take(address: string): TritonReplica {
    const known = used.get(address) ?? {
      replica: createReplica(address, { open, intervalMs, checkMs, traffic, onChange }),
      users: 0,
    };
    used.set(address, known);
    known.users++;
    return known.replica;
  }

  async function give(replica: TritonReplica): Promise<void> {
    const known = used.get(replica.address);
    if (known === undefined || --known.users > 0) return;
    used.delete(replica.address);
    await replica.close();
  }

  return {
    async find(document, addresses) {
      // Of its own: the same document may be asked for at other addresses while the old ones still answer.
      const version = { ...document };
      const replicas = addresses.map(take);
      const release = async (): Promise<void> => {
        models.delete(model);
        for (const replica of replicas) replica.forget(version);
        await Promise.all(replicas.map(give));
      };
      const model = createTritonModel(version, replicas, release);
      models.add(model);
      await firstReady(replicas.map(async (replica) => (await replica.watch(version), replica.standing(version))));
      return model;
    },
    states: () => [...used.values()].flatMap(({ replica }) => replica.health() ?? []),
    watch(onChange) {
      watchers.add(onChange);
      return () => void watchers.delete(onChange);
    },
    async close() {
      await Promise.all([...models].map((model) => model.close()));
    },
  };
}

/** Resolves when one replica has the version ready, else when all were asked: a slow one must not hold up the others. */
async function firstReady(looks: readonly Promise<{ readonly kind: string } | null>[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const look of looks) void look.then((standing) => (standing?.kind === "ready" ? resolve() : undefined));
  await Promise.race([promise, Promise.all(looks)]);
}
