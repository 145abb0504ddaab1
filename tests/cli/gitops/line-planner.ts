/** The least that plans and renders: enough of deploy, register and rollback to publish, edits whole lines, keeps the rest. */
import type { Change, Command, DocumentChange, Plan, PlanState } from "../../../cli/gitops/core/change.ts";
import type { FileWrite } from "../../../cli/gitops/core/ports.ts";
import type { Planner } from "../../../cli/gitops/draft-over.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import { kustomizationResources } from "../../../schemas/effective.ts";
import { paths } from "../../../schemas/tree.ts";
import { versionDocument } from "./documents.ts";

export const linePlanner: Planner = {
  plan,
  renderChange: (change, files) => change.documents.map((document) => render(document, files)),
  commitMessage: ({ title, environment, model, verb, version }) =>
    `${title}\n\nWhat changes.\n\nmmsp-change: ${environment ?? "registry"}/${model}/${verb}-${version}\n`,
  pullRequestBody: ({ traffic, title }) => `${title}: ${JSON.stringify(traffic.after)}`,
};

function plan(command: Command, state: PlanState): Plan {
  if (command.verb === "register") return planRegister(command);
  const { environment, model } = command;
  const before = state.tree.deployments.get(environment ?? "")?.get(model);
  if (before === undefined) return refuse("not-deployed");
  const { spec } = before;
  if (command.verb === "deploy") {
    const { version, weight } = command;
    if (!state.tree.versions.get(model)?.has(version)) return refuse("version-unknown");
    if (spec.canary?.version === version && spec.canary.weight === weight) return skip(`canary already`);
    const canary = {
      version,
      attempt: spec.stable.attempt + 1,
      since: state.now,
      weight: typeof weight === "number" ? weight : 10,
    };
    const proposal = state.proposals.find(({ branch }) => branch.startsWith(`mmsp/registry/${model}/${version}-`));
    return changeOf(command, { ...before, spec: { ...spec, canary } }, version, {
      title: `Deploy ${model} ${version} at ${canary.weight} %`,
      ...(proposal ? { branch: proposal.branch, notices: [`goes onto #${proposal.number}`] } : {}),
    });
  }
  if (command.verb !== "rollback") return refuse("not-planned-here");
  const leaving = command.cut?.version ?? spec.canary?.version ?? spec.stable.version;
  if (spec.rejected?.some(({ version }) => version === leaving)) return skip(`version ${leaving} is rejected already`);
  return planRollback(command, before, leaving, state.now);
}

function planRollback(command: Command & { verb: "rollback" }, before: ModelDeployment, leaving: number, now: string) {
  const { canary, ...spec } = before.spec;
  const isCanary = canary?.version === leaving;
  const entry = isCanary ? canary : spec.stable;
  const phase = isCanary ? ("canary" as const) : ("stable" as const);
  const { by, reason } = command;
  const rejection = { version: leaving, attempt: entry.attempt, at: now, phase, by, reason };
  const [next = 0, ...previous] = spec.previous ?? [];
  const after = {
    ...before,
    spec: {
      ...spec,
      ...(isCanary ? {} : { stable: { ...spec.stable, version: next }, previous }),
      rejected: [...(spec.rejected ?? []), rejection],
    },
  };
  return changeOf(command, after, leaving, { title: `Roll back ${command.model} ${leaving}`, rejection });
}

function planRegister({ model, version, artifact }: Command & { verb: "register" }): Plan {
  const number = version ?? 9;
  const document = versionDocument(model, number, artifact);
  const { key = "" } = document.spec.artifact;
  return {
    ...blank,
    verb: "register",
    environment: null,
    model,
    version: number,
    title: `Register ${model} ${number}`,
    branch: `mmsp/registry/${model}/${number}-${artifact.sha256.slice(0, 8)}`,
    documents: [
      { path: paths.version(model, number), value: document },
      { path: paths.versionKustomization(model, number), value: { resources: ["model-version.yaml"] } },
    ],
    artifacts: [{ key, sha256: artifact.sha256, from: { kind: "file", path: artifact.file }, store: "examples/store" }],
  };
}

const blank = {
  kind: "change",
  subject: null,
  replaces: null,
  traffic: { before: [], after: [] },
  rejection: null,
  notices: [],
  artifacts: [],
} as const;

function changeOf(
  command: Exclude<Command, { verb: "register" }>,
  after: ModelDeployment,
  version: number,
  rest: Partial<Change> & { title: string },
): Change {
  const { verb, environment, model } = command;
  const share = { version, phase: "canary", percent: after.spec.canary?.weight ?? 0 } as const;
  return {
    ...blank,
    traffic: { before: [], after: [share] },
    verb,
    environment,
    model,
    version,
    branch: `mmsp/${environment}/${model}/${verb}-${version}`,
    documents: [
      { path: paths.deployment(environment, model), value: after },
      { path: paths.deploymentKustomization(environment, model), value: { resources: kustomizationResources(after) } },
    ],
    ...rest,
  };
}

function render({ path, value }: DocumentChange, files: ReadonlyMap<string, string>): FileWrite {
  const text = files.get(path);
  if (text === undefined || !path.endsWith("/deployment.yaml")) return { path, content: `${JSON.stringify(value)}\n` };
  const { spec } = value as ModelDeployment;
  const kept = text.split("\n").filter((line) => !/^  (canary|previous|rejected): /.test(line));
  const lines = kept.flatMap((line) => {
    if (!line.startsWith("  stable: ")) return [line];
    const { stable, canary, previous, rejected } = spec;
    const entries = Object.entries({ stable, canary, previous, rejected });
    return entries.flatMap(([key, entry]) => (entry === undefined ? [] : [`  ${key}: ${JSON.stringify(entry)}`]));
  });
  return { path, content: lines.join("\n") };
}

function refuse(code: string): Plan {
  return { kind: "refusal", problems: [{ code, message: code, hint: code }] };
}

function skip(reason: string): Plan {
  return { kind: "skip", reason };
}
