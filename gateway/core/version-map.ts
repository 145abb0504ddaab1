/** A value for each version, or, where that is null, for the model itself. */
export interface VersionMap<Value> {
  /** Made at the first look. */
  of(model: string, version: number | null): Value;
  find(model: string, version: number | null): Value | undefined;
}

/** Whether the gateway still has to do with it. */
export type IsLive = (model: string, version: number | null) => boolean;

/** What is live no more goes when something else comes: it must not grow with all that was ever served. */
export function createVersionMap<Value>(isLive: IsLive, make: () => Value): VersionMap<Value> {
  const models = new Map<string, Map<number | null, Value>>();

  function prune(): void {
    for (const [model, versions] of models) {
      for (const version of versions.keys()) if (!isLive(model, version)) versions.delete(version);
      if (versions.size === 0) models.delete(model);
    }
  }

  const find = (model: string, version: number | null): Value | undefined => models.get(model)?.get(version);
  return {
    find,
    of(model, version) {
      const known = find(model, version);
      if (known !== undefined) return known;
      prune();
      const value = make();
      models.getOrInsertComputed(model, () => new Map()).set(version, value);
      return value;
    },
  };
}
