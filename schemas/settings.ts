import { repositoryPattern } from "./repository.ts";
import type { Environment } from "./environment.ts";
import type { Slo } from "./fields.ts";
import { oneLine } from "./plain-text.ts";
import { ProblemError, type Problem } from "./problem.ts";
import type { Project } from "./project.ts";
import type { Tree } from "./tree.ts";

/** What variables say instead of mmsp.yaml and environment.yaml. What is not set is not there. */
export interface Settings {
  readonly repository?: string;
  readonly baseBranch?: string;
  readonly artifactStore?: string;
  readonly steps?: readonly number[];
  readonly slo?: Slo;
  readonly gateway?: NonNullable<Environment["spec"]["gateway"]>;
  readonly tritonUrls?: readonly string[];
}

/** One setting and the variable that stands before it. */
export interface SettingVariable {
  readonly name: string;
  /** Where the files have it. */
  readonly overrides: string;
  /** What it takes, for help and messages. */
  readonly expected: string;
  /** Throws nothing: null is a wrong value. */
  readonly read: (text: string) => Settings | null;
}

type Numbers = { readonly from: number; readonly to?: number; readonly whole?: true };

/** The settings; a test holds what they take against the schemas of the files. */
export const settingVariables: readonly SettingVariable[] = [
  {
    name: "MMSP_REPOSITORY",
    overrides: "repository in mmsp.yaml",
    expected: "OWNER/NAME on GitHub, or the address of a git remote without a password in it",
    read: matching(repositoryPattern, (repository) => ({ repository })),
  },
  {
    name: "MMSP_BASE_BRANCH",
    overrides: "baseBranch in mmsp.yaml",
    expected: "the name of a branch",
    read: matching(/^(?=.{1,200}$)(?!.*(\.\.|\/\/|\/$|\.lock$|\.$))[A-Za-z0-9_][A-Za-z0-9._/-]*$/, (baseBranch) => ({
      baseBranch,
    })),
  },
  {
    name: "MMSP_ARTIFACT_STORE",
    overrides: "artifactStore in environment.yaml and mmsp.yaml",
    expected: "file:///dir, s3://bucket/prefix, or a path inside the repository",
    read: matching(
      /^(file:\/\/\/.+|s3:\/\/[a-z0-9][a-z0-9.-]+(\/.*)?|[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*\/?)$/,
      (artifactStore) => ({ artifactStore }),
    ),
  },
  {
    name: "MMSP_STEPS",
    overrides: "steps in environment.yaml, defaults.steps in mmsp.yaml",
    expected:
      "whole percentages from 1 to 100 with commas between them, each once, the smallest first, such as 5,25,50",
    read: readSteps,
  },
  slo("ERROR_RATE", "errorRate", "the allowed share of failed attempts, above 0 and below 1", { from: 0, to: 1 }),
  slo("LATENCY_P95_MS", "latencyP95Ms", "milliseconds above 0", { from: 0 }),
  slo("DRIFT", "drift", "a number above 0", { from: 0 }),
  slo("MIN_REQUESTS", "minRequests", "a whole number from 1", { from: 1, whole: true }),
  slo("WINDOW_SECONDS", "windowSeconds", "a whole number from 1 to 86400", { from: 1, to: 86_400, whole: true }),
  gateway("MAX_BODY_BYTES", "maxBodyBytes", "a whole number from 1024", { from: 1024, whole: true }),
  gateway("MODEL_MEMORY_MIB", "modelMemoryMib", "a whole number from 1", { from: 1, whole: true }),
  gateway("TIMEOUT_MS", "timeoutMs", "a whole number from 1 to 600000", { from: 1, to: 600_000, whole: true }),
  gateway("REPLICAS", "replicas", "a whole number from 1 to 1000", { from: 1, to: 1000, whole: true }),
  {
    name: "MMSP_TRITON_URL",
    overrides: "addresses.triton in environment.yaml",
    expected: "http or https addresses without a user or password, one for each replica, with commas between them",
    read: readAddresses,
  },
];

/** The settings in an environment's variables; empty ones are as good as not set. Throws a ProblemError with all that is wrong. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: Problem[] = [];
  let settings: Settings = {};
  for (const { name, expected, overrides, read } of settingVariables) {
    const text = (env[name] ?? "").trim();
    if (text === "") continue;
    const found = read(text);
    if (found === null) {
      const message = `"${oneLine(text, 60)}" is not ${expected}`;
      const hint = `mend it or unset it; it stands before ${overrides}`;
      problems.push({ code: "variable-invalid", path: name, message, hint });
    } else settings = merged(settings, found);
  }
  if (problems.length > 0) throw new ProblemError(problems);
  return settings;
}

/** The documents as the variables want them read. What a deployment says of its own model stays: it is the more particular. */
export function withSettings(tree: Tree, settings: Settings): Tree {
  if (Object.keys(settings).length === 0) return tree;
  return {
    ...tree,
    project: tree.project && projectWith(tree.project, settings),
    environments: new Map([...tree.environments].map(([name, one]) => [name, environmentWith(one, settings)])),
  };
}

export function projectWith(project: Project, settings: Settings): Project {
  const { repository, baseBranch, artifactStore, steps, slo } = settings;
  const { spec } = project;
  const defaults = {
    ...spec.defaults,
    ...(steps && { steps: [...steps] }),
    ...(slo && { slo: { ...spec.defaults?.slo, ...slo } }),
  };
  return {
    ...project,
    spec: {
      ...spec,
      ...(repository !== undefined && { repository }),
      ...(baseBranch !== undefined && { baseBranch }),
      ...(artifactStore !== undefined && { artifactStore }),
      ...(Object.keys(defaults).length > 0 && { defaults }),
    },
  };
}

export function environmentWith(environment: Environment, settings: Settings): Environment {
  const { artifactStore, steps, slo, gateway, tritonUrls } = settings;
  const { spec } = environment;
  return {
    ...environment,
    spec: {
      ...spec,
      ...(artifactStore !== undefined && { artifactStore }),
      ...(steps && { steps: [...steps] }),
      ...(slo && { slo: { ...spec.slo, ...slo } }),
      ...(gateway && { gateway: { ...spec.gateway, ...gateway } }),
      ...(tritonUrls && { addresses: { ...spec.addresses, triton: [...tritonUrls] } }),
    },
  };
}

function merged(settings: Settings, more: Settings): Settings {
  return {
    ...settings,
    ...more,
    ...(more.slo && { slo: { ...settings.slo, ...more.slo } }),
    ...(more.gateway && { gateway: { ...settings.gateway, ...more.gateway } }),
  };
}

function matching(pattern: RegExp, settings: (text: string) => Settings): SettingVariable["read"] {
  return (text) => (pattern.test(text) ? settings(text) : null);
}

function slo(suffix: string, field: keyof Slo, expected: string, numbers: Numbers): SettingVariable {
  return {
    name: `MMSP_SLO_${suffix}`,
    overrides: `slo.${field} in environment.yaml, defaults.slo.${field} in mmsp.yaml`,
    expected,
    read: reading(numbers, (value) => ({ slo: { [field]: value } })),
  };
}

function gateway(suffix: string, field: keyof NonNullable<Settings["gateway"]>, expected: string, numbers: Numbers) {
  return {
    name: `MMSP_GATEWAY_${suffix}`,
    overrides: `gateway.${field} in environment.yaml`,
    expected,
    read: reading(numbers, (value) => ({ gateway: { [field]: value } })),
  };
}

/** Whole numbers from `from` to `to`, both taken; others between the two, which are not. */
function reading({ from, to = Number.MAX_SAFE_INTEGER, whole }: Numbers, settings: (value: number) => Settings) {
  return (text: string): Settings | null => {
    const value = numberIn(text);
    if (value === null) return null;
    const fits = whole ? Number.isSafeInteger(value) && value >= from && value <= to : value > from && value < to;
    return fits ? settings(value) : null;
  };
}

function readSteps(text: string): Settings | null {
  const steps = text.split(",").map((part) => numberIn(part.trim()) ?? Number.NaN);
  const isSound = steps.every((step, at) => Number.isInteger(step) && step > (steps[at - 1] ?? 0) && step <= 100);
  return isSound ? { steps } : null;
}

function readAddresses(text: string): Settings | null {
  const tritonUrls = text.split(",").map((part) => part.trim());
  const isSound = tritonUrls.every((address) => /^https?:\/\/[^\s@]+$/.test(address)) && tritonUrls.length <= 64;
  return isSound ? { tritonUrls } : null;
}

function numberIn(text: string): number | null {
  return /^\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : null;
}
