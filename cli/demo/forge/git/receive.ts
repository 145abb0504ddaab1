/** A push as git sends it, and the report that answers it: what of it was taken, ref by ref. */
import { flush, packet, readSection } from "./pkt-line.ts";

/** One ref of a push. */
export interface RefCommand {
  readonly name: string;
  /** Null deletes the ref. */
  readonly to: string | null;
}

export interface Push {
  readonly commands: readonly RefCommand[];
  readonly capabilities: ReadonlySet<string>;
  /** Empty where refs are only deleted. */
  readonly pack: Buffer;
  /** The request with some of the commands only. */
  only(kept: readonly RefCommand[]): Buffer;
}

export function readPush(body: Buffer): Push {
  const { payloads, end } = readSection(body);
  // Commits whose parents the sender lacks stand before the commands.
  const shallow = payloads.filter((line) => line.toString("latin1", 0, 8) === "shallow ");
  const lines = payloads.filter((line) => !shallow.includes(line)).map((line) => line.toString("utf8"));
  const capabilities = lines[0]?.split("\0")[1]?.trim() ?? "";
  const named = new Set(capabilities.split(" "));
  const packAt = named.has("push-options") ? readSection(body, end).end : end;
  const commands = lines.map(commandOf);
  const pack = body.subarray(packAt);
  return {
    commands,
    capabilities: named,
    pack,
    only(kept) {
      const sent = commands.flatMap((command, at) =>
        kept.includes(command) ? [(lines[at] ?? "").split("\0")[0]?.trimEnd() ?? ""] : [],
      );
      const packets = sent.map((line, at) => packet(at === 0 ? `${line}\0${capabilities}` : line));
      const brings = kept.some(({ to }) => to !== null);
      const options = body.subarray(end, packAt);
      return Buffer.concat([...shallow.map(packet), ...packets, flush, options, ...(brings ? [pack] : [])]);
    },
  };
}

function commandOf(line: string): RefCommand {
  const [, to = "", name = ""] = line.split("\0")[0]?.trimEnd().split(" ") ?? [];
  return { name, to: /^0+$/.test(to) ? null : to };
}

export interface RefusedRef {
  readonly name: string;
  /** Stands behind the ref: `! [remote rejected] main -> main (why)`. */
  readonly reason: string;
  /** What git shows as the server's, a line each. */
  readonly words: readonly string[];
}

const [REPORT, WORDS] = [1, 2];

const band = (number: number, payload: Buffer) => packet(Buffer.concat([Buffer.from([number]), payload]));

/** The reply to a push of which these were refused; `taken`: git's reply to the rest of it, null where there was none. */
export function refusingReport(refused: readonly RefusedRef[], taken: Buffer | null): Buffer {
  const { payloads } = readSection(taken ?? Buffer.alloc(0));
  const said = payloads.filter((payload) => payload[0] === WORDS);
  const reported = payloads.filter((payload) => payload[0] === REPORT).map((payload) => payload.subarray(1));
  const lines = taken === null ? ["unpack ok\n"] : readSection(Buffer.concat(reported)).payloads;
  const words = refused.flatMap((ref) => ref.words).map((line) => `${line}\n`);
  const report = [...lines, ...refused.map(({ name, reason }) => `ng ${name} ${reason}\n`)];
  return Buffer.concat([
    ...said.map(packet),
    band(WORDS, Buffer.from(words.join(""))),
    band(REPORT, Buffer.concat([...report.map(packet), flush])),
    flush,
  ]);
}
