/** Bursts of requests that are in flight together, right and wrong ones, so that they meet in the models' batches. */
import { isOverload } from "./answers.ts";
import { breakCase } from "./broken.ts";
import type { Heard, InputCase } from "./exchange.ts";
import { drawsOf, type Draw } from "./random.ts";
import { validCase } from "./valid.ts";
import { startWorld, type Backend } from "./worlds.ts";

/** An answer that takes longer is a hang. */
const patienceMs = 20_000;

const mostInBurst = 48;

/** A case of a burst that was answered wrongly, or not at all. */
export interface Failure {
  /** Its place in the burst. */
  readonly place: number;
  readonly case: InputCase;
  readonly what: string;
}

export function burstOf(seed: number): readonly InputCase[] {
  const draw = drawsOf(seed);
  return draw.list(draw.whole(1, mostInBurst), () => caseOf(draw));
}

function caseOf(draw: Draw): InputCase {
  const valid = validCase(draw);
  const leavesAfterMs = draw.chance(0.02) ? draw.whole(0, 3) : null;
  return { ...(draw.chance(0.5) ? valid : breakCase(draw, valid)), leavesAfterMs };
}

export interface InputGateway extends AsyncDisposable {
  readonly backend: Backend;
  /** Sends the cases of a burst at once, all or those at `places`. */
  play(burst: readonly InputCase[], places?: readonly number[]): Promise<readonly Failure[]>;
  complaints(): Promise<readonly string[]>;
}

/** A gateway behind a real socket; `onAnswer` is told every status. */
export async function startInputGateway(
  backend: Backend,
  onAnswer: (status: number) => void = () => {},
): Promise<InputGateway> {
  const world = await startWorld(backend);
  const url = `http://127.0.0.1:${world.rig.app.server?.port}`;
  return {
    backend,
    async play(burst, places) {
      const chosen = [...burst.entries()].filter(([place]) => places === undefined || places.includes(place));
      const outcomes = await Promise.all(
        chosen.map(async ([place, one]) => ({ place, case: one, what: await problemOf(url, one, onAnswer) })),
      );
      return outcomes.flatMap(({ what, ...rest }) => (what === null ? [] : [{ ...rest, what }]));
    },
    complaints: () => world.complaints(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

async function problemOf(
  url: string,
  { message, judge, leavesAfterMs }: InputCase,
  onAnswer: (status: number) => void,
): Promise<string | null> {
  const { method, path, body } = message;
  const headers = message.headers.map(([name, value]): [string, string] => [name, value]);
  const content = method === "GET" || method === "HEAD" ? {} : { body: body as string | null };
  const signal = AbortSignal.timeout(leavesAfterMs ?? patienceMs);
  let heard: Heard;
  try {
    const response = await fetch(url + path, { method, headers, ...content, signal, redirect: "manual" });
    const bytes = await response.bytes();
    heard = { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    return leavesAfterMs === null ? `no answer: ${String(error)}` : null;
  }
  onAnswer(heard.status);
  try {
    return isOverload(heard) ? null : judge(heard);
  } catch (error) {
    return `an answer that cannot be read (${String(error)}): ${heard.text.slice(0, 300)}`;
  }
}
