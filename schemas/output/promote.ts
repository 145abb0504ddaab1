import { z } from "zod";
import { ChangeSetOutput } from "./parts/change-set.ts";
import { ChangeOutput } from "./parts/change.ts";

/** What `mmsp promote --json` prints; of several models with `--all`. */
export const PromoteOutput = z.union([ChangeOutput, ChangeSetOutput]);
export type PromoteOutput = z.infer<typeof PromoteOutput>;
