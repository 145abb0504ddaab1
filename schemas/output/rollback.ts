import type { z } from "zod";
import { ChangeOutput } from "./parts/change.ts";

/** What `mmsp rollback --json` prints. */
export const RollbackOutput = ChangeOutput;
export type RollbackOutput = z.infer<typeof RollbackOutput>;
