import { parseManifest } from "../../schemas/document.ts";
import type { Environment } from "../../schemas/environment.ts";
import { validateEnvironment, validateModelDeployment } from "../../schemas/kinds.ts";
import type { Problem } from "../../schemas/problem.ts";
import { paths } from "../../schemas/tree.ts";
import { together } from "./core/follow.ts";
import { judgeServing, type Expected } from "./core/follow-serving.ts";
import type { GatewayStatus } from "./core/gateway-status.ts";
import type { Forge } from "./core/ports.ts";
import { patiently, type Pace } from "./follow-pace.ts";

/** Whose change it was. */
export interface Target {
  readonly environment: string;
  /** null: every model of the environment. */
  readonly models: readonly string[] | null;
}

/** What the base branch says of them, and who can be asked. */
interface ExpectedThere {
  readonly models: readonly Expected[];
  /** Those whose folder is there, also where no deployment can be read in it. */
  readonly folders: readonly string[];
  readonly addresses: NonNullable<Environment["spec"]["addresses"]>;
}

export interface Served {
  /** Address of the gateway that serves it. */
  readonly gateway: string;
  readonly says: string;
}

interface ServeParts {
  readonly forge: Pick<Forge, "read">;
  readonly gateway: string;
  /** null: no answer. */
  readonly ask: (address: string) => Promise<GatewayStatus | null>;
  readonly expected: ExpectedThere;
  readonly tell: (says: string) => void;
}

type ServedEnd =
  | { readonly kind: "served"; readonly served: Served }
  | { readonly kind: "stopped"; readonly problem: Problem };

/** Waits until a gateway serves what the base branch says. One call a look. `goOn`: of the problem where the time is over. */
export async function untilServed(target: Target, parts: ServeParts, pace: Pace, goOn: string): Promise<ServedEnd> {
  const { forge, gateway, ask, tell } = parts;
  let expected: ExpectedThere | null = parts.expected;
  let says = "";
  let revision = "";
  do {
    expected ??= await patiently(() => readExpected(target, forge));
    if (expected === null) says = "merged; GitHub does not answer";
    else {
      const state = await ask(gateway);
      const step = together(expected.models.map((model) => judgeServing(model, state)));
      if (step.kind === "arrived") return { kind: "served", served: { gateway, says: summary(expected, step.all) } };
      if (step.kind === "stop") return { kind: "stopped", problem: step.problem };
      ({ says } = step);
      // A newer commit may ask for something else by now.
      if (state !== null && revision !== "" && state.revision !== revision) expected = null;
      revision = state?.revision ?? revision;
    }
    tell(says);
  } while (await pace.next(says));
  return { kind: "stopped", problem: pace.tooLong(says, goOn) };
}

/** So many models are told one by one. */
const fewModels = 3;

function summary({ models }: ExpectedThere, served: readonly { readonly says: string }[]): string {
  const [first] = served;
  if (served.length === 1 && first !== undefined) return first.says;
  if (served.length > fewModels) return `${served.length} models, as git says`;
  return served.map(({ says }, at) => `${models[at]?.model ?? ""} ${says}`).join("; ");
}

/** What the base branch says now. */
export async function readExpected(target: Target, forge: ServeParts["forge"]): Promise<ExpectedThere> {
  const { environment, models } = target;
  const [only] = models?.length === 1 ? models : [];
  const environments = [environment];
  // Of one model alone; of several in one call, with those of the others, but without their versions.
  const scope =
    only === undefined ? { models: [], environments, deploymentsOf: environments } : { models: [only], environments };
  const { files, modelNames } = await forge.read(scope);
  const policy = parseManifest(
    paths.environment(environment),
    files.get(paths.environment(environment)) ?? "",
    validateEnvironment,
  ).value;
  const folders = (models ?? modelNames).filter((model) => files.has(paths.deployment(environment, model)));
  const expected = (models ?? folders).map((model) => {
    const path = paths.deployment(environment, model);
    const text = files.get(path);
    const deployment = text === undefined ? null : parseManifest(path, text, validateModelDeployment).value;
    return { environment, model, deployment };
  });
  return { models: expected, folders, addresses: policy?.spec.addresses ?? {} };
}
