import { z } from "zod";
import { RefusalOutput } from "./output/refusal.ts";

/**
 * JSON Schema 2020-12 of what each command prints under `--json`, by file name: `output/status.json`. Every
 * `schemas/output/<command>.ts` exports its schema as `<Command>Output`; that a command may be refused is added here.
 */
export async function outputFiles(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const folder = new URL("output/", import.meta.url);
  for (const file of [...new Bun.Glob("*.ts").scanSync(folder.pathname)].toSorted()) {
    const command = file.replace(/\.ts$/, "");
    const name = `${pascal(command)}Output`;
    const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>;
    const own = module[name];
    if (!(own instanceof z.ZodType)) throw new Error(`schemas/output/${file} must export ${name}, a zod schema`);
    files[`output/${command}.json`] = `${JSON.stringify(jsonSchema(command, own), null, 2)}\n`;
  }
  return files;
}

function jsonSchema(command: string, own: z.ZodType): object {
  const body = z.toJSONSchema(own === RefusalOutput ? own : z.union([...optionsOf(own), RefusalOutput]), {
    target: "draft-2020-12",
    override: ({ jsonSchema }) => {
      // Says nothing in JSON, where keys are strings; what is printed is read only anyway; and so large no number gets.
      delete jsonSchema.propertyNames;
      delete jsonSchema.readOnly;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return { $id: `https://mmsp.dev/schemas/output/${command}.json`, title: `${pascal(command)}Output`, ...body };
}

function optionsOf(schema: z.ZodType): readonly z.ZodType[] {
  return schema instanceof z.ZodUnion ? (schema.options as readonly z.ZodType[]) : [schema];
}

/** `load-test` -> `LoadTest`. */
function pascal(command: string): string {
  return command.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
