import type { z } from "zod";
import { ChangeOutput } from "./parts/change.ts";

/** What `mmsp deploy --json` prints. */
export const DeployOutput = ChangeOutput;
export type DeployOutput = z.infer<typeof DeployOutput>;
