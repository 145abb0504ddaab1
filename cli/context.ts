import type { ArtifactStore, FileWrite, Forge, InspectModel, Scope, Snapshot } from "./gitops/core/ports.ts";
import type { Problem } from "../schemas/problem.ts";
import type { Style } from "./style.ts";

/** Documents on disk. */
export interface Tree {
  readonly root: string;
  read(scope: Scope): Promise<Snapshot>;
  /** Every document, and what is wrong with each that is no readable text. */
  readEvery(): Promise<Pick<Snapshot, "files" | "unreadable">>;
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
  /** owner/name of the remote `origin`, where it is on a GitHub. */
  readonly repository: string | null;
}

/** A gateway process that `up` or `demo` has started. */
export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** Exit code. */
  readonly exited: Promise<number>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  /** What it serves now, by its own `/status`. */
  status(): Promise<GatewayStatus>;
}

/** The part of a gateway's `/status` that is for the person who starts it. */
export interface GatewayStatus {
  readonly models: readonly {
    readonly model: string;
    readonly stable: { readonly version: number } | null;
    readonly canary: { readonly version: number; readonly weight: number } | null;
  }[];
  readonly problems: readonly Problem[];
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
  inspectModel: InspectModel;
  readMetrics(path: string): Promise<Readonly<Record<string, number>>>;
  readBaseline(path: string, featureOrder: readonly string[] | null): Promise<Baseline>;
  openStore(store: string, root: string | null): ArtifactStore;
  gitFacts(dir: string): Promise<GitFacts>;
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
  /** Aborted by the first Ctrl-C. Reading it takes Ctrl-C over; who does not read it ends at once. */
  readonly signal: AbortSignal;
  now(): Date;
  /** A line for the person who waits; never part of the result. */
  say(line: string): void;
  /** Draws over the line drawn before; only on a terminal. */
  live(line: string): void;
  readonly edges: Edges;
}
