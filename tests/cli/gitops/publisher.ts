/** Commands, and publishing them on a hub with clocks of its own. */
import type { Command, RegisterCommand, RollbackCommand } from "../../../cli/gitops/core/change.ts";
import { publish, type PublishParts, type PublishResult } from "../../../cli/gitops/publish.ts";
import { paths } from "../../../schemas/tree.ts";
import { deploy as aDeploy } from "../../support/builders.ts";
import { runGit } from "../../support/git.ts";
import { startHub, type Hub } from "./hub.ts";
import { linePlanner } from "./line-planner.ts";

export const deploy = aDeploy({ environment: "dev", version: 3, weight: 10 });
export const rollback: RollbackCommand = {
  verb: "rollback",
  environment: "dev",
  model: "fraud",
  to: null,
  by: "person",
  reason: "errors `rm`",
  evidence: {},
  cut: null,
};
export const register = (version: number): RegisterCommand => ({
  verb: "register",
  model: "fraud",
  version,
  artifact: { file: "model.onnx", sha256: "ab".repeat(32), sizeBytes: modelBytes.length },
  signature: { inputs: [], outputs: [] },
  opset: null,
  producer: null,
  featureOrder: null,
  metrics: null,
  baseline: null,
  provenance: { source: null, gitCommit: null, createdBy: null },
});
export const modelBytes = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 256);
export const branch = "mmsp/dev/fraud/deploy-3";
export const document = paths.deployment("dev", "fraud");

interface Publisher {
  readonly hub: Hub;
  propose(command: Command, more?: Partial<PublishParts>): Promise<PublishResult>;
  commit(command: Command, more?: Partial<PublishParts>): Promise<PublishResult>;
  /** Pull requests, as the browser shows them. */
  pulls(): Promise<readonly Pull[]>;
  /** Subjects of the commits that main lacks, newest first. */
  commitsOf(branch: string): Promise<readonly string[]>;
}

interface Pull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly head: { readonly ref: string };
}

export async function startPublisher(): Promise<Publisher> {
  const hub = await startHub();
  // Time goes by a minute between commands, as `since` shows.
  let minutes = 0;
  const parts = (more: Partial<PublishParts>): PublishParts => {
    minutes += 1;
    let clock = Date.parse("2026-11-21T08:00:00Z") + minutes * 60_000;
    return {
      forge: hub.client(),
      planner: linePlanner,
      artifacts: { read: () => Promise.resolve(modelBytes), store: () => Promise.resolve() },
      now: () => new Date(clock),
      random: () => 0.5,
      sleep: (milliseconds) => {
        clock += milliseconds;
        return Promise.resolve();
      },
      ...more,
    };
  };
  return {
    hub,
    propose: (command, more = {}) => publish(command, { baseBranch: "main", as: "pull-request" }, parts(more)),
    commit: (command, more = {}) => publish(command, { baseBranch: "main", as: "commit" }, parts(more)),
    pulls: () => hub.api("GET", "/pulls?state=open") as Promise<readonly Pull[]>,
    commitsOf: async (name) => (await runGit(hub.server.gitDir, ["log", "--format=%s", `main..${name}`])).split("\n"),
  };
}

export async function published(result: Promise<PublishResult>) {
  const settled = await result;
  if (settled.kind !== "published") throw new Error(`not published: ${JSON.stringify(settled)}`);
  return settled;
}
