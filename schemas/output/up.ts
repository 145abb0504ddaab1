import { z } from "zod";
import { Name, Percent, Version } from "../fields.ts";
import { list } from "./parts/list.ts";
import { ProblemOutput } from "./parts/problem.ts";

/** What `mmsp up --json` prints: with --detach once the gateway serves, else when it has stopped. */
export const UpOutput = z.strictObject({
  status: z.enum(["serving", "stopped"]),
  environment: Name,
  url: z.url().describe("of the gateway"),
  grpc: z.string().nullable().describe("host:port where it answers gRPC; null: nowhere"),
  pid: z.int().min(1),
  log: z.string().describe("path of the gateway's log"),
  alertsTokenFile: z.string().describe("path of the file with the bearer token of /alerts"),
  models: list(
    z.strictObject({
      model: Name,
      stable: z.strictObject({ version: Version }).nullable(),
      canary: z.strictObject({ version: Version, weight: Percent }).nullable(),
    }),
  ).describe("what it served when it was up"),
  problems: list(ProblemOutput).describe("what it could not take"),
});
export type UpOutput = z.infer<typeof UpOutput>;
