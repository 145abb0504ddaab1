import type { DocumentPath } from "./document.ts";
import type { Validate } from "./kinds.ts";
import type { Content } from "./read-file.ts";
import { BrokenPart } from "./rules/say.ts";
import type { DocumentPlace } from "./tree.ts";

/** What is wrong with a value, for whoever reads it all the same. */
interface Broken {
  /** JSON pointers to what is not to be read; the empty one stands for all of it. */
  readonly parts: ReadonlySet<string>;
  /** A field that no schema knows may be any that is not there, misspelled or in another place. */
  readonly hasUnknownField: boolean;
}

/**
 * What can be read of a value that breaks its schema: it has the schema's type as long as nothing broken is read, which
 * throws a BrokenPart. A rule over it so says what it says however the document is mended, or nothing.
 */
export function soundParts<T extends object>(value: unknown, validate: Validate<T>): T {
  const errors = validate.errors ?? [];
  const hasUnknownField = errors.some(({ keyword }) => keyword === "additionalProperties");
  const parts = errors
    .filter(({ keyword }) => keyword !== "additionalProperties")
    .map(({ instancePath, params }) => {
      const missing: unknown = params["missingProperty"];
      return typeof missing === "string" ? pointerTo(instancePath, missing) : instancePath;
    });
  return guarded(value, { parts: new Set(parts), hasUnknownField }) as T;
}

/** The same of a value of which these fields are not what its place says they have to be. */
export function withoutFields<T extends object>(value: T, fields: readonly DocumentPath[]): T {
  const parts = fields.map((path) => path.reduce<string>((at, key) => pointerTo(at, String(key)), ""));
  return guarded(value, { parts: new Set(parts), hasUnknownField: false }) as T;
}

/** A document of which nothing can be read but that it is there. */
export function opaqueContent(place: DocumentPlace): Content {
  const value = opaque();
  switch (place.kind) {
    case "project":
      return { kind: "project", value };
    case "environment":
      return { kind: "environment", environment: place.environment, value };
    case "version":
      return { kind: "version", model: place.model, version: Number(place.version), value };
    case "deployment":
      return { kind: "deployment", environment: place.environment, model: place.model, value };
    case "kustomization":
      return { kind: "kustomization", resources: value };
  }
}

/** A value of any type, as nobody gets to see it. */
export function opaque(): never {
  return guarded({}, { parts: new Set([""]), hasUnknownField: false }) as never;
}

function guarded(value: unknown, broken: Broken): object {
  return guard(typeof value === "object" && value !== null ? value : {}, "", broken);
}

function guard(value: object, pointer: string, broken: Broken): object {
  const { parts, hasUnknownField } = broken;
  return new Proxy(value, {
    get(target, key) {
      if (parts.has(pointer)) throw new BrokenPart(pointer);
      // Symbols and methods, which read what they need of it through here.
      if (typeof key === "symbol" || (Array.isArray(target) && !/^\d+$/.test(key))) return Reflect.get(target, key);
      const at = pointerTo(pointer, key);
      if (parts.has(at) || (hasUnknownField && !Object.hasOwn(target, key))) throw new BrokenPart(at);
      const part: unknown = Reflect.get(target, key);
      return typeof part === "object" && part !== null ? guard(part, at, broken) : part;
    },
  });
}

function pointerTo(parent: string, key: string): string {
  return `${parent}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
