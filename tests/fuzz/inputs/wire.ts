/** Whatever bytes may come over a connection, to gateways of both kinds; what they answer is read strictly. */
import { connect } from "node:net";
import { innards } from "../../support/innards.ts";
import { say, type FuzzJob } from "../job.ts";
import { classes, isOverload } from "./answers.ts";
import type { Heard } from "./exchange.ts";
import { createFamilies, type Families } from "./families.ts";
import { drawsOf } from "./random.ts";
import { playSeeds } from "./seeds.ts";
import { sayPace } from "./tell.ts";
import { partsOf, whole, wireCase, type WireCase } from "./wire-cases.ts";
import { backendOf, backends, startWorld, type FuzzWorld } from "./worlds.ts";

/** Of one seed. */
export const wireCases = 50;

/** An answer that takes longer is a hang. */
const patienceMs = 20_000;
/** Where an answer is not owed, the client says after so long that it will send no more. */
const quietMs = 100;

/** Plays the cases of one seed after another. */
export async function fuzzWire(job: FuzzJob): Promise<Families> {
  const started = performance.now();
  const families = createFamilies();
  const statuses = new Map<string, number>();
  await using embedded = await startWorld("embedded");
  await using triton = await startWorld("triton");
  const worlds = { embedded, triton };
  const ports = { embedded: portOf(embedded), triton: portOf(triton) };
  const counts = await playSeeds(job, async (seed) => {
    const failures: string[] = [];
    const backend = backendOf(seed);
    await Promise.all(
      wireCasesOf(seed).map(async (one, at) => {
        const problem = await playWireCase(ports[backend], one, (status) =>
          statuses.set(status, (statuses.get(status) ?? 0) + 1),
        );
        families.add(`${backend}, sockets: ${one.kind}`, problem === null);
        if (problem !== null) failures.push(`${one.kind}, case ${at} of seed ${seed}, ${backend}: ${problem}`);
      }),
    );
    return { played: wireCases, failures };
  });
  for (const backend of backends) {
    for (const complaint of await worlds[backend].complaints()) {
      families.add(`${backend}, sockets: afterwards`, false);
      say(`FAILED ${complaint}`);
    }
  }
  sayPace("connections", counts.passed + counts.failed, performance.now() - started, statuses);
  return families;
}

function portOf({ rig }: FuzzWorld): number {
  return rig.app.server?.port ?? 0;
}

export function wireCasesOf(seed: number): readonly WireCase[] {
  const draw = drawsOf(seed);
  return draw.list(wireCases, (at) => wireCase(draw, `w${seed}x${at}x`));
}

/** What was wrong, in words; null: nothing. A sound request on another connection comes after it. */
export async function playWireCase(
  port: number,
  one: WireCase,
  onAnswer: (status: string) => void = () => {},
): Promise<string | null> {
  const talk = await converse(port, one.pieces, one.status !== null);
  for (const { status } of talk.replies) onAnswer(String(status));
  if (talk.replies.length === 0) onAnswer("closed");
  const wrong = wrongIn(one, talk);
  if (wrong !== null) return `${wrong}\n    ${JSON.stringify(one.pieces).slice(0, 2000)}`;
  const parts = partsOf(drawsOf(port), `${one.sent[0]?.id ?? "w"}after`);
  const next = { kind: "the next", pieces: [whole(parts)], sent: [parts.inquiry], status: 200 };
  const after = wrongIn(next, await converse(port, next.pieces, true));
  return after === null ? null : `the next request: ${after}\n    after ${JSON.stringify(one.pieces).slice(0, 2000)}`;
}

interface Talk {
  readonly replies: readonly Heard[];
  /** What is no whole reply. */
  readonly rest: string;
  /** The server has closed the connection, as it must when the client has said that it sends no more. */
  readonly closed: boolean;
}

const refusals = new Set([400, 404, 405, 413, 415, 422, 431, 501, 505]);

function wrongIn({ sent, status: owed }: WireCase, { replies, rest, closed }: Talk): string | null {
  if (!closed) return `neither an answer nor the end of the connection within ${patienceMs / 1000} s`;
  if (rest !== "") return `no whole reply: ${JSON.stringify(rest.slice(0, 300))}`;
  if (replies.length > sent.length + 1) return `${replies.length} replies to ${sent.length} requests`;
  const [first] = replies;
  if (owed !== null && first?.status !== owed && !(first !== undefined && isOverload(first))) {
    return `got ${first === undefined ? "no answer" : `${first.status}: ${first.text.slice(0, 300)}`} and not ${owed}`;
  }
  const ids = sent.map(({ id }) => id);
  let last = -1;
  for (const heard of replies) {
    const { status, text } = heard;
    const foreign = [...text.matchAll(/w\d+x\d+x\w*/g)].find(([id]) => !ids.includes(id));
    if (foreign !== undefined) return `tells of ${foreign[0]}: ${text.slice(0, 300)}`;
    if (isOverload(heard)) continue;
    if (status === 200 && text.includes('"outputs"')) {
      const at = ids.findIndex((id) => text.includes(`"${id}"`));
      if (at <= last) return `an answer out of its order: ${text.slice(0, 300)}`;
      last = at;
      const problem = classes(sent[at]?.rows ?? [], ids[at] ?? "")(heard);
      if (problem !== null) return problem;
    } else if (status !== 200 && !refusals.has(status)) return `got ${status}: ${text.slice(0, 300)}`;
    if (innards.test(text)) return `tells of the inside: ${text.slice(0, 300)}`;
  }
  return null;
}

/** Sends the pieces, waits for an answer, or for a little while where none is owed, and then for the end. */
function converse(port: number, pieces: readonly string[], isOwed: boolean): Promise<Talk> {
  const { promise, resolve } = Promise.withResolvers<Talk>();
  let heard = "";
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const finish = (closed: boolean): void => {
    clearTimeout(quiet);
    clearTimeout(patience);
    socket.destroy();
    resolve({ ...repliesIn(heard), closed });
  };
  const end = (): void => void (socket.destroyed || socket.end());
  const quiet = setTimeout(end, isOwed ? patienceMs : quietMs);
  const patience = setTimeout(() => finish(false), patienceMs);
  socket.on("connect", () => void write());
  socket.on("data", (bytes: Buffer) => {
    heard += bytes.toString("latin1");
    if (repliesIn(heard).replies.length > 0) end();
  });
  // A reset is an end, too.
  socket.on("error", () => undefined).on("close", () => finish(true));
  async function write(): Promise<void> {
    for (const piece of pieces) {
      if (socket.destroyed || socket.writableEnded) return;
      socket.write(piece, "latin1");
      await Bun.sleep(0); // or they would go as one
    }
  }
  return promise;
}

/** `text` in Latin-1. */
function repliesIn(text: string): Pick<Talk, "replies" | "rest"> {
  const replies: Heard[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    const [line = "", ...lines] = rest.slice(0, Math.max(0, end)).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
    if (end === -1 || Number.isNaN(status)) return { replies, rest };
    const headers = new Headers(
      lines.map((one): [string, string] => [one.split(":")[0] ?? "", one.replace(/^[^:]*:/, "")]),
    );
    const length = Number(headers.get("content-length") ?? 0);
    const body = rest.slice(end + 4, end + 4 + length);
    if (body.length < length) return { replies, rest };
    rest = rest.slice(end + 4 + length);
    if (status < 200) continue;
    const bytes = Buffer.from(body, "latin1");
    replies.push({ status, headers, bytes, text: bytes.toString() });
  }
}
