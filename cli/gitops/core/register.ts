import { digest8Of, sameArtifact } from "../../../schemas/artifact.ts";
import { parseManifest } from "../../../schemas/document.ts";
import { validateModelVersion } from "../../../schemas/kinds.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import { artifactKey, onceEach, sizeProblems, storeOf } from "./artifacts.ts";
import type { ArtifactChange, Plan, PlanState, RegisterCommand } from "./change.ts";
import { kustomizationChanges, versionIn } from "./documents.ts";
import { nameProblems } from "./names.ts";
import { refusal, refuse, skip } from "./outcome.ts";
import { versionDocument } from "./version-document.ts";
import {
  proposalName,
  proposalPlace,
  registrationBranch,
  registrationOf,
  registrationsOf,
  registrationTitle,
} from "./proposals.ts";

/** A model file becomes a numbered version in the registry, its bytes go into the project's store. */
export function planRegister(command: RegisterCommand, state: PlanState): Plan {
  const { model, artifact, baseline } = command;
  const { tree, now } = state;
  const store = storeOf(undefined, tree.project);
  const already = registeredAs(command, state);
  if (already !== null) {
    const other = otherFacts(command, versionIn(tree, model, already));
    if (other.length === 0) return skip(`version ${already} of ${model} has this file already`);
    const message = `version ${already} of ${model} has this file already, with other ${listed(other)}`;
    const hint = `a version never changes: mmsp register ${model} --version ${nextVersion(command, state)} makes a new one`;
    return refuse({ code: "version-differs", message, hint });
  }

  const version = command.version ?? nextVersion(command, state);
  const document = versionDocument(command, version, now);
  const byReference = typeof artifact.uri === "string";
  const files = [artifact, ...(artifact.files ?? [])];
  const refused = refusal([
    ...nameProblems("model", model),
    ...takenProblems(command, version, state),
    ...columnProblems(command),
    ...schemaProblems(document),
    ...(store === null ? [noProject] : []),
    ...(byReference ? [] : files.flatMap(({ file, sizeBytes }) => sizeProblems(file, sizeBytes, store))),
    ...(baseline ? sizeProblems(baseline.file, baseline.sizeBytes, store) : []),
  ]);
  if (refused || store === null) return refused ?? skip(noProject.message);

  const stored = [...(byReference ? [] : files), ...(baseline ? [baseline] : [])];
  const artifacts = stored.map(({ file, sha256 }): ArtifactChange => {
    return { key: artifactKey(sha256, file), sha256, from: { kind: "file", path: file }, store };
  });
  return {
    kind: "change",
    verb: "register",
    environment: null,
    model,
    version,
    artifacts: onceEach(artifacts),
    branch: registrationBranch(model, version, artifact),
    title: registrationTitle(model, version),
    documents: [
      { path: paths.version(model, version), value: document },
      ...kustomizationChanges(tree, paths.versionKustomization(model, version), ["model-version.yaml"]),
    ],
    subject: document,
    replaces: null,
    previous: versionBefore(command, version, tree),
    traffic: { before: [], after: [] },
    rejection: null,
    notices: twinNotices(command, state),
    asides: proposedNotices(command, version, state),
  };
}

const noProject: Problem = {
  code: "project-missing",
  message: `there is no ${paths.project}, which says where model files go`,
  hint: "mmsp init writes it",
};

/** The version that makes this command pointless: the one asked for, or without one any, that has this very file. */
function registeredAs({ model, version, artifact }: RegisterCommand, { tree }: PlanState): number | null {
  const isSame = (document: ModelVersion | null): boolean =>
    document !== null && sameArtifact(document.spec.artifact, artifact);
  if (version !== null) return isSame(versionIn(tree, model, version)) ? version : null;
  const registered = [...(tree.versions.get(model) ?? [])];
  return registered.findLast(([, document]) => isSame(document))?.[0] ?? null;
}

/** What was given besides the file, and is not what the version was registered with. */
function otherFacts({ metrics, featureOrder, baseline }: RegisterCommand, registered: ModelVersion | null): string[] {
  const { spec } = registered ?? {};
  const sorted = (values: Readonly<Record<string, number>> = {}) =>
    JSON.stringify(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return [
    ...(metrics && sorted(metrics) !== sorted(spec?.metrics) ? ["metrics"] : []),
    ...(featureOrder && JSON.stringify(featureOrder) !== JSON.stringify(spec?.featureOrder) ? ["feature order"] : []),
    ...(baseline && baseline.sha256 !== spec?.baseline?.sha256 ? ["baseline"] : []),
  ];
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat("en", { type: "conjunction" }).format(words);
}

/** The number under which this file is proposed already, or else the first above all registered and proposed ones. */
function nextVersion({ model, artifact }: RegisterCommand, { tree, proposals }: PlanState): number {
  const registered = tree.versions.get(model);
  const proposed = registrationsOf(proposals, model).filter(({ version }) => !registered?.has(version));
  const own = proposed.find(({ digest8 }) => digest8 === digest8Of(artifact));
  return own?.version ?? Math.max(0, ...(registered?.keys() ?? []), ...proposed.map(({ version }) => version)) + 1;
}

function takenProblems({ model, artifact }: RegisterCommand, version: number, state: PlanState): Problem[] {
  const free = `register it under the next free number: mmsp register ${model} without --version`;
  const registered = versionIn(state.tree, model, version)?.spec.artifact;
  if (registered !== undefined && !sameArtifact(registered, artifact)) {
    const digests = `sha256 ${digest8Of(registered)}..., not ${digest8Of(artifact)}...`;
    const message = `version ${version} of ${model} is another file (${digests}), and a version never changes`;
    return [{ code: "version-taken", message, hint: free }];
  }
  const proposal = registrationOf(state.proposals, model, version, null);
  if (proposal === null || registrationOf(state.proposals, model, version, artifact) !== null) return [];
  const message = `version ${version} of ${model} is taken by ${proposalName(proposal)}, with another file`;
  return [{ code: "version-taken", message, hint: `${free}, or close ${proposalPlace(proposal)}` }];
}

/** As many column names as the first input has columns, where it says so, and none twice. */
function columnProblems({ featureOrder, signature }: RegisterCommand): Problem[] {
  if (featureOrder === null) return [];
  const problems: Problem[] = [];
  const [input] = signature.inputs;
  const columns = input?.shape.at(-1) ?? -1;
  if (columns >= 0 && columns !== featureOrder.length) {
    problems.push({
      code: "feature-order-length",
      message: `the feature order names ${featureOrder.length} columns, but input "${input?.name ?? ""}" has ${columns}`,
      hint: "name the columns in the order of training, each once",
    });
  }
  const twice = featureOrder.filter((name, at) => featureOrder.indexOf(name) !== at);
  if (twice.length > 0) {
    const message = `the feature order names ${[...new Set(twice)].join(", ")} more than once`;
    problems.push({ code: "feature-order-repeats", message, hint: "each column has a name of its own" });
  }
  return problems;
}

/** What the schema says to the document that would be written; the model's name is told apart. */
function schemaProblems(document: ModelVersion): Problem[] {
  const { problems } = parseManifest("", JSON.stringify(document), validateModelVersion);
  return problems
    .filter(({ path }) => path !== "metadata.name" && path !== "spec.model")
    .map(({ code, path, message, hint }) => ({ code, path, message, hint }));
}

/** The newest one below, or else the newest: what this version would most likely take over from. */
function versionBefore({ model }: RegisterCommand, version: number, tree: PlanState["tree"]): ModelVersion | null {
  const others = [...(tree.versions.get(model) ?? [])].filter(([number]) => number !== version);
  const [, newest] = others.findLast(([number]) => number < version) ?? others.at(-1) ?? [];
  return newest ?? null;
}

function twinNotices({ model, artifact }: RegisterCommand, { tree }: PlanState): string[] {
  const twin = [...(tree.versions.get(model) ?? [])].find(([, { spec }]) => sameArtifact(spec.artifact, artifact));
  return twin ? [`version ${twin[0]} has the same file`] : [];
}

function proposedNotices({ model, artifact }: RegisterCommand, version: number, { proposals }: PlanState): string[] {
  const proposal = registrationOf(proposals, model, version, artifact);
  return proposal ? [`${proposalName(proposal)} registers this file already: ${proposal.url}`] : [];
}
