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
  const random = seededRandom(1);

  async function send(): Promise<void> {
    const sentAt = performance.now();
    const model = random() < 0.5 ? "steady" : "risky";
    const row = [random() < failingShare ? failsFrom : random() * 9, random() * 9, 0];
    const failed = (what: string): void => {
      if (failures.length < mostTold) failures.push(what);
    };
    let reply: Response;
    let body: string;
    try {
      const init = { method: "POST", body: JSON.stringify({ model, features: [row] }) };
      reply = await fetch(`${url}/predict`, init);
      body = await reply.text();
    } catch (error) {
      // Nobody listens any more; what was sent before that is still owed an answer.
      if (sentAt < endExpectedAt) failed(`no answer from ${model}: ${String(error)}`);
      return;
    }
    if (reply.status !== 200) return failed(`${model} answered ${reply.status}: ${body.slice(0, 200)}`);
    const { probabilities, model_version } = JSON.parse(body) as { probabilities: number[][]; model_version: string };
    const [got = Number.NaN] = probabilities[0] ?? [];
    const right = expected(Number(model_version), row);
    if (!(Math.abs(got - right) < 1e-4)) return failed(`${model} ${model_version} answered ${got} and not ${right}`);
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
      await send();
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
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}
