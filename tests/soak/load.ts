/** Steady load of requests that each carry their own numbers; every answer is checked. */
import { seededRandom } from "../support/random.ts";
import { expected, failsFrom } from "./tree.ts";

export interface Load {
  /** Answered as they should be. */
  readonly answered: () => number;
  /** Requests that stable answered for a failing canary. */
  readonly standIns: () => number;
  /** What went wrong, in words; the first of many. */
  readonly failures: readonly string[];
  /** From now on, no connection is no failure: for requests that are sent after this. */
  expectEnd(): void;
  /** Does something while no request is on its way. */
  quietly(act: () => Promise<void> | void): Promise<void>;
  stop(): Promise<void>;
}

const workers = 16;

/** A share that fails each canary, well within what stable may answer for. */
const failingShare = 0.1;

const mostTold = 20;

/** Sends so many requests a second to the gateway, until stopped. */
export function startLoad(url: string, perSecond: number): Load {
  const counts = { answered: 0, standIns: 0 };
  const failures: string[] = [];
  const stopping = new AbortController();
  let endExpectedAt = Number.POSITIVE_INFINITY;
  const onTheirWay = new Set<Promise<void>>();
  let quiet: Promise<void> | null = null;
  const random = seededRandom(1);

  async function send(): Promise<void> {
    const sentAt = performance.now();
    const model = random() < 0.5 ? "steady" : "risky";
    const row = [random() < failingShare ? failsFrom : random() * 9, random() * 9, 0];
    const failed = (what: string): void => {
      if (failures.length < mostTold) failures.push(`${new Date().toISOString()} ${what}`);
    };
    const ask = random() < 0.5 ? askPredict : askInfer;
    let reply: Response;
    let body: string;
    try {
      const { path, request } = ask(model, row);
      reply = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(request) });
      body = await reply.text();
    } catch (error) {
      // Nobody listens any more; what was sent before that is still owed an answer.
      if (sentAt < endExpectedAt) failed(`no answer from ${model}: ${String(error)}`);
      return;
    }
    if (reply.status !== 200) return failed(`${model} answered ${reply.status}: ${body.slice(0, 200)}`);
    const { version, got } = answerIn(body);
    const right = expected(version, row);
    if (!(Math.abs(got - right) < 1e-4)) return failed(`${model} ${version} answered ${got} and not ${right}`);
    counts.answered++;
    if (reply.headers.has("x-mmsp-fallback-from")) counts.standIns++;
  }

  async function work(): Promise<void> {
    const everyMs = (1000 * workers) / perSecond;
    for (
      let due = performance.now() + random() * everyMs;
      !stopping.signal.aborted;
      due = Math.max(due + everyMs, performance.now() - 1000)
    ) {
      await Bun.sleep(Math.max(0, due - performance.now()));
      if (quiet !== null) await quiet;
      const sending = send();
      onTheirWay.add(sending);
      await sending;
      onTheirWay.delete(sending);
    }
  }

  const done = Promise.all(Array.from({ length: workers }, work));
  return {
    answered: () => counts.answered,
    standIns: () => counts.standIns,
    failures,
    expectEnd: () => {
      endExpectedAt = performance.now();
    },
    async quietly(act) {
      const { promise, resolve } = Promise.withResolvers<void>();
      quiet = promise;
      await Promise.all(onTheirWay);
      await act();
      quiet = null;
      resolve();
    },
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

interface Asked {
  readonly path: string;
  readonly request: object;
}

/** What the gateway reads, and translates for a model server. */
function askPredict(model: string, row: readonly number[]): Asked {
  return { path: "/predict", request: { model, features: [row] } };
}

/** What it passes to a model server unread. */
function askInfer(model: string, row: readonly number[]): Asked {
  const input = { name: "input", datatype: "FP32", shape: [1, row.length], data: row };
  return { path: `/v2/models/${model}/infer`, request: { inputs: [input] } };
}

/** The version that answered, and its probability of the first class. */
function answerIn(body: string): { readonly version: number; readonly got: number } {
  const { model_version, probabilities, outputs } = JSON.parse(body) as {
    readonly model_version: string;
    readonly probabilities?: readonly (readonly number[])[];
    readonly outputs?: readonly { readonly name: string; readonly data: readonly number[] }[];
  };
  const numbers = probabilities?.[0] ?? outputs?.find(({ name }) => name === "probabilities")?.data;
  return { version: Number(model_version), got: numbers?.[0] ?? Number.NaN };
}
