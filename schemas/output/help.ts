import { z } from "zod";
import { list } from "./parts/list.ts";

const Flag = z.strictObject({
  name: z.string().describe("without the dashes"),
  short: z.string().nullable(),
  value: z
    .string()
    .nullable()
    .describe("what stands for the value: VERSION, or text|github; null of one without a value"),
  multiple: z.boolean().describe("may be given several times"),
  help: z.string(),
});

const Overview = z.strictObject({
  kind: z.literal("overview"),
  commands: list(z.strictObject({ name: z.string(), summary: z.string() })).describe(
    "in the order in which people meet them",
  ),
  topics: list(z.strictObject({ name: z.string(), summary: z.string() })).describe("of `mmsp help TOPIC`"),
  exitCodes: list(z.strictObject({ code: z.int(), meaning: z.string() })),
});

const Command = z.strictObject({
  kind: z.literal("command"),
  name: z.string(),
  summary: z.string(),
  usage: z.string().describe("what stands behind the name"),
  details: z.string().nullable(),
  flags: list(Flag),
  examples: list(z.string()),
});

const Variables = z.strictObject({
  kind: z.literal("environment"),
  groups: list(
    z.strictObject({
      title: z.string(),
      note: z.string().describe("what goes for all of them"),
      variables: list(
        z.strictObject({ names: list(z.string()).describe("several that are told of together"), meaning: z.string() }),
      ),
    }),
  ),
});

/** What `mmsp help --json`, `mmsp help COMMAND --json` and `mmsp help environment --json` print; so does `--help --json`. */
export const HelpOutput = z.discriminatedUnion("kind", [Overview, Command, Variables]);
export type HelpOutput = z.infer<typeof HelpOutput>;
