/** Which of an App's permissions a call takes. A person's token is not asked: it may write, or it may not. */
import { forbiddenMessage, type ForgeUser } from "../users.ts";
import { Refusal } from "../fault.ts";

/** Refuses a write that an App's installation was not given. `operation`: the route's template, or the mutation's name. */
export function refuseUngranted(user: ForgeUser, operation: string): void {
  if (user.permissions === undefined) return;
  if (user.permissions[permissionFor(operation)] === "write") return;
  throw new Refusal("forbidden", forbiddenMessage(user));
}

function permissionFor(operation: string): "checks" | "contents" | "pull_requests" | "statuses" {
  if (operation.includes("/statuses/")) return "statuses";
  if (operation.includes("/check-runs")) return "checks";
  if (operation.endsWith("/pulls/{pull_number}/merge") || operation === "mergePullRequest") return "contents";
  return /\/pulls|\/issues|PullRequest|addComment/.test(operation) ? "pull_requests" : "contents";
}
