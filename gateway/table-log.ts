import { formatProblem } from "../schemas/problem.ts";
import type { Route, RoutingTable } from "./core/route.ts";
import type { Log } from "./react/ports.ts";

/**
 * What an operator looks for afterwards: when which revision was taken up, who served from then on, what was wrong with it
 * and when that was over. Each once, however often the table is built.
 */
export function createTableLog(log: Log): (table: RoutingTable) => void {
  let served = "[]";
  let wrong = new Map<string, object>();
  return ({ revision, models, problems }) => {
    if (revision === "" && problems.length === 0) return;
    const serving = [...models.values()].map(described);
    if (served !== JSON.stringify(serving)) log("info", "serving", { revision, serving });
    served = JSON.stringify(serving);
    const now = new Map(problems.map((problem) => [formatProblem(problem), problem]));
    for (const [text, problem] of now) if (!wrong.has(text)) log("warn", "problem", { revision, problem });
    for (const [text, problem] of wrong) if (!now.has(text)) log("info", "problem is over", { revision, problem });
    wrong = now;
  };
}

function described({ model, stable, canary }: Route): object {
  return {
    model,
    stable: stable?.version ?? null,
    ...(canary === null ? {} : { canary: canary.version, weight: canary.weight }),
  };
}
