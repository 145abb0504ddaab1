/** Cuts on the sample repository, and the shipped planner to put them into git with. */
import { plan } from "../../../cli/gitops/core/plan.ts";
import type { Planner } from "../../../cli/gitops/draft-over.ts";
import type { SetPlanner } from "../../../cli/gitops/draft-set.ts";
import type { PublishParts } from "../../../cli/gitops/publish.ts";
import { commitMessage } from "../../../cli/gitops/render/commit-message.ts";
import { renderChange } from "../../../cli/gitops/render/files.ts";
import { pullRequestBody } from "../../../cli/gitops/render/pull-request.ts";
import { pullRequestBodyTogether } from "../../../cli/gitops/render/pull-request-together.ts";
import type { Cut } from "../../../schemas/cut.ts";
import { cutOf } from "../../support/cuts.ts";
import type { Hub } from "./hub.ts";

export const planner: Planner = { plan, renderChange, commitMessage, pullRequestBody };
export const setPlanner: SetPlanner = { ...planner, bodyTogether: pullRequestBodyTogether };

const never = () => Promise.reject(new Error("a rollback brings no artifacts"));

/** With a clock that only waiting moves. */
export function cutParts(hub: Hub, more: Partial<PublishParts> = {}): PublishParts {
  let clock = Date.parse("2026-11-21T08:10:00Z");
  return {
    forge: hub.client(),
    planner,
    artifacts: { read: never, store: never },
    now: () => new Date(clock),
    random: () => 0.5,
    sleep: (milliseconds) => {
      clock += milliseconds;
      return Promise.resolve();
    },
    ...more,
  };
}

/** The stable version 2 of a model in dev, which version 1 takes over from. */
export function stableCut(model = "fraud", more: Partial<Cut> = {}): Cut {
  return cutOf({ environment: "dev", model, version: 2, attempt: 5, phase: "stable", ...more });
}
