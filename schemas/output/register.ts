import type { z } from "zod";
import { ChangeOutput } from "./parts/change.ts";

/** What `mmsp register --json` prints. */
export const RegisterOutput = ChangeOutput;
export type RegisterOutput = z.infer<typeof RegisterOutput>;
