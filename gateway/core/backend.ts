import type { Environment } from "../../schemas/environment.ts";

/** Where the versions of an environment run: in the gateway, or on servers that have them already. */
export type Backend =
  | { readonly kind: "embedded" }
  | { readonly kind: "triton"; readonly addresses: readonly string[] };

const embedded: Backend = { kind: "embedded" };

/** `policy` with the variables' settings. Nobody may have said where Triton is: then there is no address. */
export function backendOf(policy: Environment | null): Backend {
  if (policy?.spec.backend !== "triton") return embedded;
  return { kind: "triton", addresses: [...new Set(policy.spec.addresses?.triton)] };
}

/** Tells one backend from another, as part of what a loaded version is made from. */
export function backendKey(backend: Backend): string {
  return backend.kind === "embedded" ? backend.kind : `${backend.kind} ${backend.addresses.join(" ")}`;
}
