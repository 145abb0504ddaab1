import type {
  ArtifactStore,
  FileWrite,
  Forge,
  InspectModel,
  ReferredModel,
  Scope,
  Snapshot,
} from "./gitops/core/ports.ts";
import type { StoreFiles } from "./gitops/core/gc.ts";
import type { ArgoCd } from "./gitops/core/argocd-port.ts";
import type { Behind, CommittedDocuments, HistorySource } from "./gitops/core/history-port.ts";
import type { Mlflow } from "./gitops/core/mlflow-port.ts";
import type { GatewayAnswer, GatewayStatus } from "./gitops/core/gateway-status.ts";
import type { RepositoryFacts } from "./gitops/core/readiness/facts.ts";
import type { LiveEnvironment } from "./gitops/core/live.ts";
import type { Style } from "./style.ts";
import type { DocumentKind } from "../schemas/tree.ts";

/** Documents on disk. */
export interface Tree {
  readonly root: string;
  read(scope: Scope): Promise<Snapshot>;
  /** Every document, or every one of some kinds, and what is wrong with each that is no readable text. */
  readEvery(kinds?: ReadonlySet<DocumentKind>): Promise<Pick<Snapshot, "files" | "unreadable">>;
  /** Every document; throws a ProblemError where one is no readable text. */
  readAll(): Promise<ReadonlyMap<string, string>>;
  write(files: readonly FileWrite[]): Promise<readonly string[]>;
}

/** Which repository on GitHub, and the branch that everything goes into. */
export interface Remote {
  readonly repository: string;
  readonly baseBranch: string;
}

export interface Baseline {
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** What git says of the clone that a command runs in; null where it is none. */
export interface GitFacts {
  readonly commit: string | null;
  readonly user: string | null;
  /** Address of the remote `origin`, as git has it: there may be a password in it. */
  readonly origin: string | null;
}

/** A gateway process that `up` or `demo` has started. */
export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** Exit code. */
  readonly exited: Promise<number>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  /** What it serves now, by its own `/status`. Throws a ProblemError where it gives no answer. */
  status(): Promise<GatewayStatus>;
}

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly environment: string;
  readonly port: number;
  readonly source: { readonly dir: string } | { readonly gitUrl: string; readonly branch: string };
  readonly dataDir: string;
  readonly logFile: string;
  /** Further variables: the token of `/alerts`, GitHub's address and token. */
  readonly env: Readonly<Record<string, string>>;
  /** Goes on when this process ends. */
  readonly detached: boolean;
  /** Aborted while the gateway starts: it is stopped again. */
  readonly signal: AbortSignal;
}

/** The outside world, built in wire.ts; tests hand in their own. */
export interface Edges {
  /** The tree that holds `start`. Throws a ProblemError where there is none. */
  findTree(start: string): Tree;
  /** GitHub's token, as every command finds it; null where there is none. Throws a ProblemError where it is malformed. */
  findToken(): Promise<string | null>;
  /** Looks for a token; throws a ProblemError that says where. */
  openForge(remote: Remote): Promise<Forge>;
  /** What git tells of the past: of the branch on GitHub, or of the clone around a folder. Reads only. */
  openHistory(from: Remote | { readonly root: string; readonly baseBranch: string }): Promise<HistorySource>;
  /** What the clone around `root` lacks of the branch that it follows, as of the last fetch; null for nothing. No network. */
  behindUpstream(root: string): Promise<Behind | null>;
  /**
   * Documents of a commit of the clone around `root`; texts that are the same are taken from `known`. Throws a ProblemError
   * where there is no such commit.
   */
  documentsAt(root: string, revision: string, known: ReadonlyMap<string, string>): Promise<CommittedDocuments>;
  /** Sizes in bytes of files of the working tree, or of a commit on GitHub; without those that are not there. */
  fileSizes(
    from: { readonly root: string } | { readonly remote: Remote; readonly commit: string },
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, number>>;
  /** What a store outside the repository holds. */
  openStoreFiles(store: string): Promise<StoreFiles>;
  /** MLflow's tracking server, as its own variables name it. Throws a ProblemError where they do not. */
  openMlflow(): Promise<Mlflow>;
  /** Tells of changes of the documents below `root`, until the answer is called. */
  watchTree(root: string, changed: () => void): Promise<() => void>;
  /** Says whether the branch has moved since it was asked last; the first time it has. */
  watchBranch(remote: Remote): Promise<() => Promise<boolean>>;
  /** What the gateway at an address says that it serves; never throws. */
  readLive(environment: string, address: string): Promise<LiveEnvironment>;
  inspectModel: InspectModel;
  /** Downloads a model by reference, to be looked at. Throws a ProblemError or an OutsideError. */
  fetchReferred(address: string): Promise<ReferredModel>;
  readMetrics(path: string): Promise<Readonly<Record<string, number>>>;
  readBaseline(path: string, featureOrder: readonly string[] | null): Promise<Baseline>;
  openStore(store: string, root: string | null): ArtifactStore;
  gitFacts(dir: string): Promise<GitFacts>;
  /** How mmsp.yaml names the remote with this address, or null where it cannot. Throws a ProblemError for GITHUB_API_URL. */
  repositoryAt(remote: string): Promise<string | null>;
  /** What GitHub shows of a repository and its rules; null where it shows nothing. */
  readReadiness(remote: Remote): Promise<RepositoryFacts | null>;
  /** What the gateway at an address serves; never throws. */
  readGateway(address: string): Promise<GatewayAnswer>;
  /** The Argo CD at an address, asked with ARGOCD_AUTH_TOKEN. Throws a ProblemError where that must not go there. */
  openArgoCd(address: string): Promise<ArgoCd>;
  startGateway(options: GatewayOptions): Promise<GatewayProcess>;
}

/** What a command is run in. */
export interface Context {
  /** Folder that relative paths are meant from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly style: Style;
  /** stderr is a terminal: a live line may be drawn on it. */
  readonly isTerminal: boolean;
  /** stdout is one: what is printed is read by a person. */
  readonly printsToTerminal: boolean;
  /** How wide the terminal is that stdout is; null where it is none. */
  readonly columns: number | null;
  /** Aborted by the first Ctrl-C. Reading it takes Ctrl-C over; who does not read it ends at once. */
  readonly signal: AbortSignal;
  now(): Date;
  /** Part of the result, now: for commands that go on and have more to print. False where nobody reads any more. */
  print(text: string): Promise<boolean>;
  /** A line for the person who waits; never part of the result. */
  say(line: string): void;
  /** Calls whenever the terminal has got another size, until the answer is called. */
  onResize(call: () => void): () => void;
  /** Draws over the line drawn before; only on a terminal. */
  live(line: string): void;
  readonly edges: Edges;
}
