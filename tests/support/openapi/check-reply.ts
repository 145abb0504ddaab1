/** Holds the test server's replies against GitHub's own description of them. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import type { ReplyCheck } from "../../../cli/demo/forge/server.ts";
import { describedAs, type Described } from "./described.ts";

interface CheckedReplies {
  /** For the server: throws where a reply is not as described, so that the call ends in 500. */
  readonly check: ReplyCheck;
  /** Throws what was found, for those who have not looked at the reply. */
  settle(): void;
}

/** Of redirects and refusals that the description does not name for a route, such as 401. */
const plainError = {
  type: "object",
  required: ["message", "documentation_url"],
  properties: { message: { type: "string" }, documentation_url: { type: "string" } },
};

let description: Described | undefined;
const compiled = new Map<string, ValidateFunction | null>();
let ajv: Ajv2020 | undefined;

/** The description, read when the first reply is checked. */
export function readDescription(): Described {
  description ??= JSON.parse(readFileSync(new URL("replies.json", import.meta.url), "utf8")) as Described;
  return description;
}

function validatorFor(operation: string, status: number): ValidateFunction | null {
  const key = `${operation} ${status}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { replies, $defs } = readDescription();
  const statuses = replies[describedAs(operation)];
  if (statuses === undefined) throw new Error(`${operation} is not in replies.json: run extract.ts again`);
  ajv ??= new Ajv2020({ strict: false, validateFormats: true, formats, schemas: [{ $id: "github", $defs }] });
  const described = statuses[String(status)];
  const schema = described === undefined && status >= 300 ? plainError : described;
  if (schema === undefined) throw new Error(`GitHub never answers ${operation} with ${status}`);
  const validator = schema === null ? null : ajv.compile(absolute(schema));
  compiled.set(key, validator);
  return validator;
}

/** Its references go to the definitions that all replies share. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"github#/')) as object;
}

const formats = {
  "date-time": (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
  date: /^\d{4}-\d\d-\d\d$/,
  uri: (text: string) => URL.canParse(text),
  email: /@/,
  int64: true,
  timestamp: true,
  "uri-template": true,
  hostname: true,
} as const;

export function checkedReplies(): CheckedReplies {
  const complaints = new Set<string>();
  return {
    check({ operation, status, body }) {
      try {
        requireDescribed(operation, status, body);
      } catch (error) {
        complaints.add(error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
    settle() {
      if (complaints.size > 0) throw new Error([...complaints].join("\n"));
    },
  };
}

function requireDescribed(operation: string, status: number, body: unknown): void {
  // What this server lacks is no reply of GitHub's.
  if (status === 501) return;
  const validate = validatorFor(operation, status);
  if (validate === null || body instanceof Uint8Array) return;
  // As it comes over the line: what is undefined is not there.
  if (validate(body === undefined ? undefined : JSON.parse(JSON.stringify(body)))) return;
  const errors = (validate.errors ?? []).slice(0, 5).map(({ instancePath, message }) => `${instancePath} ${message}`);
  throw new Error(`the reply ${status} to ${operation} is not as GitHub describes it: ${errors.join("; ")}`);
}
