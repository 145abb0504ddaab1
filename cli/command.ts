import type { Context } from "./context.ts";
import type { Flags, Input } from "./flags.ts";
import type { Outcome } from "./outcome.ts";

/** What help says of a command. */
export interface CommandInfo {
  readonly summary: string;
  /** Arguments after the command's name: `NAME --version V [--canary W]`. */
  readonly usage: string;
  /** A paragraph for what is not plain from the flags. */
  readonly details?: string;
  readonly flags: Flags;
  readonly maxArgs: number;
  readonly examples: readonly string[];
}

/** A command: load, plan, edit, and an outcome to print. It neither prints by itself nor exits. */
export interface Command extends CommandInfo {
  run(input: Input, context: Context): Promise<Outcome>;
}
