import type { Roles } from "./mlflow-links.ts";
import type { Stage } from "./mlflow-uri.ts";

/** To which stage a version goes, and why. */
export interface Move {
  readonly stage: Stage;
  readonly why: string;
}

/** The environment in which a version answers requests; null where there is none. */
function serverOf(roles: Roles): string | null {
  return [...roles].find(([, { kind }]) => kind !== "rejected")?.[0] ?? null;
}

/** Rejected here, and served by nobody. */
export function isToArchive(roles: Roles, environment: string): boolean {
  return roles.get(environment)?.kind === "rejected" && serverOf(roles) === null;
}

/**
 * Of a version that is not to be archived: null where it stays where it is. `isOurs`: it was archived by mmsp, for this
 * environment. `stages`: the stage Production is for the stable version.
 */
export function moveOf(
  from: string,
  isOurs: boolean,
  roles: Roles,
  { environment, stages }: { readonly environment: string; readonly stages: boolean },
): Move | null {
  const server = serverOf(roles);
  if (stages && roles.get(environment)?.kind === "stable") {
    return { stage: "Production", why: `is stable in ${environment}` };
  }
  if (isOurs && from === "Archived") {
    return { stage: "None", why: server === null ? "is not rejected any more" : `is served in ${server}` };
  }
  if (!stages || from !== "Production") return null;
  // As MLflow archives what it replaces.
  return { stage: server === null ? "Archived" : "None", why: `is not stable in ${environment} any more` };
}
