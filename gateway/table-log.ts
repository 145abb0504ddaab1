import { settingsWithoutEffect } from "../schemas/rules/without-effect.ts";
import { formatPlace, formatProblem } from "../schemas/problem.ts";
import type { ServerState } from "./core/ports.ts";
import type { Route, RoutingTable } from "./core/route.ts";
import type { Log } from "./react/ports.ts";

/**
 * What an operator looks for afterwards: when which revision was taken up, who served from then on, what was wrong with it
 * and when that was over, and what is set in vain. Each once, however often the table is built.
 */
export function createTableLog(log: Log): (table: RoutingTable) => void {
  let served = "[]";
  let wrong = new Map<string, object>();
  let idle: ReadonlySet<string> = new Set();
  return (table) => {
    const { revision, models, problems } = table;
    if (revision === "" && problems.length === 0) return;
    const serving = [...models.values()].map(described);
    if (served !== JSON.stringify(serving)) log("info", "serving", { revision, serving });
    served = JSON.stringify(serving);
    const now = new Map(problems.map((problem) => [formatProblem(problem), problem]));
    for (const [text, problem] of now) if (!wrong.has(text)) log("warn", "problem", { revision, problem });
    for (const [text, problem] of wrong) if (!now.has(text)) log("info", "problem is over", { revision, problem });
    wrong = now;
    const idleNow = new Set(withoutEffect(table));
    for (const setting of idleNow) if (!idle.has(setting)) log("info", "a setting has no effect", { setting });
    idle = idleNow;
  };
}

/** Settings that nobody heeds, those of variables too. */
function withoutEffect({ environment, policy, models }: RoutingTable): readonly string[] {
  if (policy === null) return [];
  const deployments = new Map([...models].map(([model, { deployment }]) => [model, deployment]));
  const tree = { environments: new Map([[environment, policy]]), deployments: new Map([[environment, deployments]]) };
  return settingsWithoutEffect(tree).map(formatPlace);
}

/** When a model server stopped taking requests, and when it took them again: each once. */
export function createServerLog(log: Log): (servers: readonly ServerState[]) => void {
  let lost: ReadonlySet<string> = new Set();
  return (servers) => {
    for (const { address, down } of servers) {
      if (down !== null && !lost.has(address)) log("warn", "a model server is down", { address, reason: down });
      if (down === null && lost.has(address)) log("info", "a model server is up again", { address });
    }
    lost = new Set(servers.filter(({ down }) => down !== null).map(({ address }) => address));
  };
}

function described({ model, stable, canary }: Route): object {
  return {
    model,
    stable: stable?.version ?? null,
    ...(canary === null ? {} : { canary: canary.version, weight: canary.weight }),
  };
}
