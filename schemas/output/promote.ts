import type { z } from "zod";
import { ChangeOutput } from "./parts/change.ts";

/** What `mmsp promote --json` prints. */
export const PromoteOutput = ChangeOutput;
export type PromoteOutput = z.infer<typeof PromoteOutput>;
