/** What commands print under `--json`, held against the schemas that are documented for it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const folder = join(import.meta.dir, "../../schemas/json/output");
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, formats: { uri: isUri } });
const compiled = new Map<string, ValidateFunction>();

/** Throws with all differences where `json` is not what `mmsp COMMAND --json` is documented to print. */
export function expectOutput(command: string, json: unknown): void {
  const validate = compiled.get(command) ?? compile(command);
  compiled.set(command, validate);
  if (validate(json)) return;
  const differences = ajv.errorsText(validate.errors, { dataVar: "output", separator: "\n" });
  throw new Error(`not what schemas/output/${command}.ts says:\n${differences}\n${JSON.stringify(json, null, 2)}`);
}

function compile(command: string): ValidateFunction {
  const file = join(folder, `${command}.json`);
  if (!existsSync(file)) throw new Error(`write schemas/output/${command}.ts, then \`bun run generate\``);
  return ajv.compile(JSON.parse(readFileSync(file, "utf8")) as object);
}

function isUri(text: string): boolean {
  return URL.canParse(text);
}
