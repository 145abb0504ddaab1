import type { Cut } from "../../../schemas/cut.ts";
import type { Judge, Phase, Rejection } from "../../../schemas/model-deployment.ts";
import type { ModelVersion, Signature } from "../../../schemas/model-version.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { Tree } from "../../../schemas/tree.ts";
import type { MlflowProvenance } from "./mlflow-provenance.ts";

export interface GivenFile {
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Everything that `register` learned about a file before it plans; see the onnx inspection edge. */
export interface RegisterCommand {
  readonly verb: "register";
  readonly model: string;
  /** null: the next free number. */
  readonly version: number | null;
  readonly artifact: GivenFile & {
    /** Files beside it that hold weights, by the paths that it knows them by. */
    readonly files?: readonly GivenFile[];
    /** Where it is, where it is only referred to: then nothing is stored. */
    readonly uri?: string | null;
  };
  readonly signature: Signature;
  readonly opset: number | null;
  readonly producer: string | null;
  readonly irVersion?: number | null;
  /** How many numbers it has learned. */
  readonly parameters?: number | null;
  readonly featureOrder: readonly string[] | null;
  readonly metrics: Readonly<Record<string, number>> | null;
  readonly baseline: (GivenFile & { readonly rows: number }) | null;
  readonly provenance: {
    readonly source: string | null;
    readonly gitCommit: string | null;
    readonly createdBy: string | null;
    /** Of a model that came from MLflow. */
    readonly mlflow?: Pick<MlflowProvenance, "run" | "registered" | "params" | "tags"> | null;
  };
}

export interface DeployCommand {
  readonly verb: "deploy";
  readonly environment: string;
  readonly model: string;
  readonly version: number;
  /** Percent; null: the first step, or as it is; "next": the first step above the weight of the running canary. */
  readonly weight: number | "next" | null;
  readonly force: boolean;
  /** Percent, ascending: recorded with the canary. Left out: the environment's count. */
  readonly steps?: readonly number[] | null;
  /** Takes a canary of another version out, without a verdict on it. */
  readonly replace?: boolean;
  /** Also a version that clients of the stable one would break on. */
  readonly allowSignatureChange?: boolean;
}

export interface PromoteCommand {
  readonly verb: "promote";
  /** Where the canary runs; with `to`, the source. */
  readonly environment: string;
  readonly model: string;
  /** null: the canary's (with `to`: the stable one's). */
  readonly version: number | null;
  /** Another environment, or null to make the canary stable where it is. */
  readonly to: string | null;
  /** With `to`: as of a deploy. */
  readonly replace?: boolean;
  readonly allowSignatureChange?: boolean;
}

export interface RollbackCommand {
  readonly verb: "rollback";
  readonly environment: string;
  readonly model: string;
  /** Version that is to be taken out, and no other; left out or null: the canary, or else the stable one. */
  readonly version?: number | null;
  /** Version to go back to; null: remove the canary, or else the first of `previous`. */
  readonly to: number | null;
  readonly by: Judge;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string>>;
  /** An automatic rollback names what it takes out and in which attempt; a person leaves it to the document. */
  readonly cut: Cut | null;
}

export type Command = RegisterCommand | DeployCommand | PromoteCommand | RollbackCommand;
export type Verb = Command["verb"];

/** What a plan is made from. Time is an argument. */
export interface PlanState {
  readonly tree: Tree;
  /** Names of environments in the repository, for messages; the tree may hold only some. */
  readonly environmentNames: readonly string[];
  /** Models in the registry, for messages. */
  readonly modelNames: readonly string[];
  /** Open pull requests of mmsp's own branches for this model. */
  readonly proposals: readonly OpenProposal[];
  /** RFC 3339, UTC. */
  readonly now: string;
}

/** An open pull request whose branch has one of mmsp's names. */
export interface OpenProposal {
  readonly branch: string;
  /** null: on a remote without pull requests that mmsp knows of, where a branch that is not merged stands for one. */
  readonly number: number | null;
  /** Of the pull request, or of the remote. */
  readonly url: string;
  /** Of the pull request; left out: not known. */
  readonly title?: string;
}

/** The document at `path` becomes `value`; null deletes it. Rendering turns this into edits of the text. */
export interface DocumentChange {
  readonly path: string;
  readonly value: unknown;
  /** `value` names only some top-level keys; the document is there and keeps its others (a tree does not hold them). */
  readonly merge?: true;
}

/** A file that goes into the repository or the store beside the documents. `key` is `sha256/<digest>/<file>`. */
export interface ArtifactChange {
  readonly key: string;
  readonly sha256: string;
  /** Where to take it from: the file given to `register`, or another environment's store. */
  readonly from: { readonly kind: "file"; readonly path: string } | { readonly kind: "store"; readonly store: string };
  /** The artifact store of the target environment, or mmsp.yaml's. */
  readonly store: string;
}

/** Share of a model's traffic that a version gets, in percent. */
export interface Share {
  readonly version: number;
  readonly phase: Phase;
  readonly percent: number;
}

/** A plan that changes something. A value: only publishing touches disk or network. */
export interface Change {
  readonly kind: "change";
  readonly verb: Verb;
  readonly environment: string | null;
  readonly model: string;
  readonly version: number;
  /** Deterministic from the change: `mmsp/<env>/<model>/<verb>-<version>`. */
  readonly branch: string;
  readonly title: string;
  readonly documents: readonly DocumentChange[];
  readonly artifacts: readonly ArtifactChange[];
  /**
   * For the reviewer: the version that the change is about, and the one whose traffic it takes. Of a rollback: the version
   * taken out, and the one that gets its traffic.
   */
  readonly subject: ModelVersion | null;
  readonly replaces: ModelVersion | null;
  /** Of a registration: the version that was registered before, to compare with. */
  readonly previous?: ModelVersion | null;
  readonly traffic: { readonly before: readonly Share[]; readonly after: readonly Share[] };
  /** Of a rollback: what is recorded. */
  readonly rejection: Rejection | null;
  /** What the person should know besides, one line each. */
  readonly notices: readonly string[];
  /** Numbers of pull requests that the notices name: links, where the rest of a notice is only text. */
  readonly pulls?: readonly number[];
  /** Notices for whoever asked alone: where it goes, which the proposal itself shows, and shows anew each time. */
  readonly asides?: readonly string[];
}

/** Nothing to do, with the reason. Exit code 0. */
export interface Skip {
  readonly kind: "skip";
  readonly reason: string;
}

/** Not allowed or not possible, with everything that is in the way. */
export interface Refusal {
  readonly kind: "refusal";
  readonly problems: readonly [Problem, ...Problem[]];
}

export type Plan = Change | Skip | Refusal;
