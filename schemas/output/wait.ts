import { z } from "zod";
import { WaitEndOutput } from "./parts/wait-end.ts";

/** What `mmsp wait --json` prints. */
export const WaitOutput = z.strictObject({ pullRequest: z.int().min(1), end: WaitEndOutput });
export type WaitOutput = z.infer<typeof WaitOutput>;
