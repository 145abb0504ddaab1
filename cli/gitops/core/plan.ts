import type { Command, Plan, PlanState } from "./change.ts";
import { planDeploy } from "./deploy.ts";
import { planPromote } from "./promote.ts";
import { planRegister } from "./register.ts";
import { planRollback } from "./rollback.ts";

/**
 * What a command means for the documents: a change, a skip with the reason, or a refusal with everything that is in the way.
 * Pure: the same command and state give the same plan. After a change every rule of `checkTree` holds for the model, also
 * where a stale plan had merged over a rollback before.
 */
export function plan(command: Command, state: PlanState): Plan {
  switch (command.verb) {
    case "register":
      return planRegister(command, state);
    case "deploy":
      return planDeploy(command, state);
    case "promote":
      return planPromote(command, state);
    case "rollback":
    default:
      return planRollback(command, state);
  }
}
