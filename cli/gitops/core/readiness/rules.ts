import { nearestName } from "../../../../schemas/words.ts";
import type { BranchFacts, Seen } from "./facts.ts";
import { missing, ok, unknown, yesOrNo, type Finding } from "./finding.ts";

/** Whether what is merged is what was checked. */
export function ruleFindings(base: BranchFacts, branch: string): readonly Finding[] {
  const workflow = base.workflow.kind === "seen" ? base.workflow.value : null;
  const check = workflow?.check ?? "validate";
  const settings = `Settings > Rules > Rulesets, for ${branch}`;
  return [
    checkFinding(base.requiredChecks, check, branch),
    yesOrNo(base.wantsUpToDate, {
      code: "up-to-date",
      yes: `branches must be up to date with ${branch} before they are merged`,
      no: `branches need not be up to date with ${branch}: what is merged is not what was checked`,
      hint: `${settings}: "Require branches to be up to date before merging"`,
      isRequired: true,
    }),
    yesOrNo(base.takesPullRequestsOnly, {
      code: "pull-request-rule",
      yes: `${branch} takes changes through pull requests only`,
      no: `anybody who may write can push to ${branch} without a pull request`,
      hint: `${settings}: "Require a pull request before merging"; let who rolls back bypass it, or set publish.rollback to pull-request`,
      isRequired: false,
    }),
  ];
}

function checkFinding(required: Seen<readonly string[]>, check: string, branch: string): Finding {
  const hint = `Settings > Rules > Rulesets, for ${branch}: "Require status checks to pass", and add "${check}"`;
  if (required.kind === "hidden") return unknown("required-check", `the rules of ${branch} cannot be seen`, hint);
  if (required.value.includes(check)) return ok("required-check", `${branch} requires the check "${check}"`);
  const alike = required.value.find((name) => name.toLowerCase().includes(check.toLowerCase()));
  const near = alike ?? nearestName(check, required.value);
  if (near === null) {
    return missing("required-check", `${branch} does not require the check "${check}"`, hint);
  }
  const says = `${branch} requires "${near}", but the check is called "${check}": pull requests would wait for ever`;
  return missing("required-check", says, hint);
}

export function autoMergeFinding(allows: Seen<boolean>): Finding {
  return yesOrNo(allows, {
    code: "auto-merge",
    yes: "auto-merge is allowed",
    no: "auto-merge is not allowed: --auto-merge is refused, and rollbacks as pull requests wait for a person",
    hint: 'Settings > General > Pull Requests: "Allow auto-merge"',
    isRequired: false,
  });
}
