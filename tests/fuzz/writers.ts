/** What programs of ours set out to do in a history, with what they find in the repository as arguments. */
import type { Command } from "../../cli/gitops/core/change.ts";
import type { PromoteAllCommand } from "../../cli/gitops/core/promote-all.ts";
import { commitCuts } from "../../cli/gitops/commit-cuts.ts";
import { publishSet } from "../../cli/gitops/publish-set.ts";
import { publish, type PublishParts } from "../../cli/gitops/publish.ts";
import { effective } from "../../schemas/effective.ts";
import type { Tree } from "../../schemas/tree.ts";
import { planner, setPlanner } from "../cli/gitops/cut-parts.ts";
import type { Wire } from "../cli/gitops/git-line.ts";
import { modelBytes } from "../cli/gitops/publisher.ts";
import { register as registerFourth } from "../cli/gitops/trust/scenarios.ts";
import { clear } from "../cli/gitops/trust/trial.ts";
import { cutOf } from "../support/cuts.ts";
import { environments, models, type IntentName } from "./steps.ts";

/** Milliseconds since 1970, moved by calls and by waiting. */
export interface Clock {
  time: number;
}

interface Given {
  readonly tree: Tree;
  readonly branches: readonly string[];
  readonly random: () => number;
  readonly clock: Clock;
  /** The way to the repository, and its name in the calls that it makes. */
  readonly wire: Wire;
  readonly writer: string;
  /** Is told how each run has ended. */
  readonly ended: (how: string) => void;
}

/** A run of one program, which ends with an answer or with an error for people; any other throws. */
export async function intentOf(name: IntentName, given: Given): Promise<() => Promise<void>> {
  const { tree, random } = given;
  const any = <T>(items: readonly T[], otherwise: T): T => items[Math.floor(random() * items.length)] ?? otherwise;
  const again = name === "again" ? proposedBy(any(given.branches, "")) : null;
  const environment = again?.environment ?? any(environments, "dev");
  const model = again?.model ?? any(models, "fraud");
  if (name === "promote-all-to" || (again?.model === "_all" && environment === "prod" && random() < 0.5))
    return promoteAll(given, { verb: "promote", environment: "dev", to: "prod" });
  if (name === "promote-all" || again?.model === "_all")
    return promoteAll(given, { verb: "promote", environment, to: null });
  if (name === "alert" || name === "alert-pull") return alert(given, environment, model, name === "alert-pull");
  const version = again?.version ?? any([...(tree.versions.get(model)?.keys() ?? [])], 1);
  const digest = new Bun.CryptoHasher("sha256").update(String(random())).digest("hex");
  const person = { by: "person", reason: "looks wrong", evidence: {}, cut: null } as const;
  const rollback = { verb: "rollback", environment, model, to: null, ...person } as const;
  const deploy = {
    verb: "deploy",
    environment,
    model,
    version,
    weight: any([null, 5, 50, 100], null),
    force: false,
  } as const;
  const commands: Readonly<Record<Exclude<IntentName, OtherIntent>, Command>> = {
    register: { ...registerFourth, model, version: null, artifact: { ...registerFourth.artifact, sha256: digest } },
    deploy,
    replace: { ...deploy, replace: true },
    force: { ...deploy, force: true, replace: true },
    promote: { verb: "promote", environment, model, version: null, to: null },
    "promote-to": { verb: "promote", environment: "dev", model, version: null, to: "prod" },
    rollback,
    "rollback-to": { ...rollback, to: version },
    "rollback-commit": rollback,
  };
  const as = name === "rollback-commit" ? "commit" : "pull-request";
  const command = commands[name === "again" ? (again?.verb ?? "deploy") : name];
  return () => settled(name, given, () => publish(command, { baseBranch: "main", as }, partsOf(given)));
}

/** What is no single command of one kind. */
type OtherIntent = "alert" | "alert-pull" | "again" | "promote-all" | "promote-all-to";

function promoteAll(given: Given, command: PromoteAllCommand): () => Promise<void> {
  const name = command.to === null ? "promote-all" : "promote-all-to";
  return () => settled(name, given, () => publishSet(command, "main", { ...partsOf(given), planner: setPlanner }));
}

/** What a branch of ours proposes, to be proposed once more, perhaps with another weight. */
function proposedBy(branch: string) {
  const [, environment, model, verb, version] =
    /^mmsp\/(\w+)\/(\w+)\/(deploy|promote|rollback)-(\w+)/.exec(branch) ?? [];
  if (verb !== "deploy" && verb !== "promote" && verb !== "rollback") return null;
  return { environment, model, verb, version: Number(version) } as const;
}

/** The gateway's rollback of what is served, in one environment; now and then of two models together. */
function alert(given: Given, environment: string, model: string, byPull: boolean): () => Promise<void> {
  const { tree, random } = given;
  const alerted = random() < 0.3 ? models : [model];
  const cuts = alerted.flatMap((name) => {
    const deployment = tree.deployments.get(environment)?.get(name);
    const { stable = null, canary = null } = deployment === undefined ? {} : effective(deployment);
    const served = canary ?? stable;
    if (served === null) return [];
    const { version, attempt } = served;
    return [cutOf({ environment, model: name, version, attempt, phase: canary === null ? "stable" : "canary" })];
  });
  const options = {
    baseBranch: "main",
    as: byPull ? "pull-request" : "commit",
    autoMerge: byPull,
    openedFor: () => null,
  } as const;
  return async () => {
    const parts = partsOf(given);
    await settled("alert", given, async () => {
      const answers = await commitCuts(cuts, options, parts);
      for (const answer of answers) if (answer.kind === "failed") clear(answer.error);
      // What cannot share a commit is handed over alone, as the gateway does.
      for (const [at, { kind }] of answers.entries()) {
        if (kind === "alone") await commitCuts(cuts.slice(at, at + 1), options, parts);
      }
      return answers[0] ?? { kind: "nothing" };
    });
  };
}

async function settled(name: string, { ended }: Given, run: () => Promise<{ readonly kind: string }>): Promise<void> {
  try {
    ended(`${name} ${(await run()).kind}`);
  } catch (error) {
    ended(`${name} ${clear(error).name}`);
  }
}

function partsOf({ wire, clock, random, writer }: Given): PublishParts {
  return {
    // Each waits for its turn, and that is no fault.
    forge: wire.forge({ agent: writer, timeoutMs: 600_000 }),
    planner,
    artifacts: { read: () => Promise.resolve(modelBytes), store: () => Promise.resolve() },
    now: () => new Date(clock.time),
    random,
    sleep: (milliseconds) => {
      clock.time += milliseconds;
      return Promise.resolve();
    },
  };
}
