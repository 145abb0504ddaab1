/** Steady load of requests that each carry their own numbers; every answer is checked. */
import { seededRandom } from "../support/random.ts";
import { expected, failsFrom } from "./tree.ts";
import { openWays, type Answered, type Door } from "./ways.ts";

export interface Load {
  /** Answered as they should be. */
  readonly answered: () => number;
  /** Requests that stable answered for a failing canary. */
  readonly standIns: () => number;
  /** Requests by the way in which they asked, answered or left. */
  readonly ways: ReadonlyMap<string, number>;
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
export function startLoad(gateway: Door, perSecond: number): Load {
  const counts = { answered: 0, standIns: 0 };
  const ways = openWays(gateway);
  const asked = new Map(ways.all.map(([name]) => [name, 0]));
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
    let share = random();
    const [way, , ask] = ways.all.find(([, of]) => (share -= of) < 0) ?? ways.all[0] ?? [];
    if (way === undefined || ask === undefined) return;
    let answer: Answered | null;
    try {
      answer = await ask({ model, row });
    } catch (error) {
      // Nobody listens any more; what was sent before that is still owed an answer.
      if (sentAt < endExpectedAt) failed(`no answer from ${model} by ${way}: ${String(error)}`);
      return;
    }
    asked.set(way, (asked.get(way) ?? 0) + 1);
    if (answer === null) return;
    const { status, said, version, got, isStandIn } = answer;
    if (status !== 200) return failed(`${model} by ${way} answered ${status}: ${said.slice(0, 200)}`);
    const right = expected(version, row);
    if (!(Math.abs(got - right) < 1e-4))
      return failed(`${model} ${version} by ${way} answered ${got} and not ${right}`);
    counts.answered++;
    if (isStandIn) counts.standIns++;
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
    ways: asked,
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
      ways[Symbol.dispose]();
    },
  };
}
