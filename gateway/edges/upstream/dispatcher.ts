import { CallerGone, DeadlineExceeded, Overloaded } from "../../core/ports.ts";
import { UpstreamUnreachable, type UpstreamReply, type UpstreamRequest } from "../../core/upstream.ts";
import { createAlarm, type Alarm } from "./alarm.ts";
import { createTurns, type AtEnd } from "./turn.ts";

/**
 * Milliseconds that a request runs before anybody asks whether its caller still waits. To listen to a request's signal costs more
 * than all that is done here for one, and nearly all are answered before.
 */
const trustMs = 10;

/** When a request is given up, in milliseconds of `performance.now()`, and what its caller is told then. */
export interface Limit {
  readonly at: number;
  readonly error: () => Error;
}

/** One request on its way. What settles it first counts. */
export interface Job {
  readonly request: UpstreamRequest;
  /** How the transport gives it up: ends what runs, then rejects it. null: it need only be rejected. */
  onGiveUp: ((error: unknown) => void) | null;
  /** Until lifted, gives up sooner than the deadline. */
  limitTo(limit: Limit): void;
  lift(): void;
  resolve(reply: UpstreamReply): void;
  reject(error: unknown): void;
}

/** How requests get to a server. */
export interface Transport {
  /** Settles the job at some time; never throws. At most as many run as the dispatcher allows. */
  start(job: Job): void;
  /** When none runs. */
  close(): void;
}

export interface Dispatcher {
  send(request: UpstreamRequest): Promise<UpstreamReply>;
  readonly inFlight: number;
  close(): Promise<void>;
}

/** So many requests at a time, a bounded queue before them, and an end to each: by its deadline, or because its caller has gone. */
export function createDispatcher(
  transport: Transport,
  limits: { readonly maxRunning: number; readonly maxQueue: number },
): Dispatcher {
  const running: Running[] = [];
  const queue: Running[] = [];
  let closing: PromiseWithResolvers<void> | null = null;
  const startAtEnd = createTurns();
  const tellAtEnd = createTurns();
  const alarm = createAlarm((now) => wakeAll([...running, ...queue], now));

  function start(job: Running): void {
    job.begin();
    job.place = running.push(job) - 1;
    startAtEnd(() => {
      if (!job.isOver) transport.start(job);
    });
  }

  function onSettled(job: Running): void {
    if (job.place === null) {
      queue.splice(queue.indexOf(job), 1);
      return;
    }
    takeOut(running, job, job.place);
    const next = queue.shift();
    if (next === undefined) endClose();
    else start(next);
  }

  function endClose(): void {
    if (closing === null || running.length > 0) return;
    alarm.stop();
    transport.close();
    closing.resolve();
  }

  const owner: Owner = { alarm, tellAtEnd, onSettled };
  return {
    send(request) {
      if (closing !== null) return Promise.reject(new UpstreamUnreachable("the upstream is no longer used"));
      const isFull = running.length >= limits.maxRunning;
      if (isFull && queue.length >= limits.maxQueue) {
        return Promise.reject(new Overloaded(`${queue.length} requests wait for the upstream already`));
      }
      const job = new Running(request, owner);
      if (isFull) {
        queue.push(job);
        job.listen();
      } else start(job);
      return job.reply;
    },
    get inFlight() {
      return running.length + queue.length;
    },
    close() {
      if (closing === null) {
        closing = Promise.withResolvers<void>();
        endClose();
      }
      return closing.promise;
    },
  };
}

/** When the first of them is to be woken again. */
function wakeAll(jobs: readonly Running[], now: number): number {
  return jobs.reduce((next, job) => Math.min(next, job.wake(now)), Number.POSITIVE_INFINITY);
}

/**
 * The last one takes its place: their order means nothing. An array, not a set: one that is added to and deleted from for ever
 * leaves a chain of outgrown tables behind, each with the jobs that it once held, and the quick collections of garbage free nothing
 * that such a chain leads to.
 */
function takeOut(running: Running[], job: Running, place: number): void {
  const last = running.pop();
  if (last === undefined || last === job) return;
  running[place] = last;
  last.place = place;
}

/** What a job is in the hands of. */
interface Owner {
  readonly alarm: Alarm;
  readonly tellAtEnd: AtEnd;
  onSettled(job: Running): void;
}

/** A class, because one is made for every request: its methods are not. */
class Running implements Job {
  readonly request: UpstreamRequest;
  readonly reply: Promise<UpstreamReply>;
  onGiveUp: ((error: unknown) => void) | null = null;
  /** Among those that run; null: it waits. */
  place: number | null = null;
  /** When it is given up next; at the deadline unless something limits it further. */
  limitAt: number;
  private readonly deadline: number;
  /** When its turn came. */
  private begunAt = Number.POSITIVE_INFINITY;
  private limit: Limit | null = null;
  private settle: PromiseWithResolvers<UpstreamReply> | null;
  private readonly owner: Owner;
  /** When its caller is listened to; Infinity: that is done, or there is none who may go. */
  private listenAt: number;
  private listening: { readonly signal: AbortSignal; readonly onAbort: () => void } | null = null;

  constructor(request: UpstreamRequest, owner: Owner) {
    const now = performance.now();
    this.request = request;
    this.owner = owner;
    this.settle = Promise.withResolvers<UpstreamReply>();
    this.reply = this.settle.promise;
    this.deadline = now + request.deadlineMs;
    this.limitAt = this.deadline;
    this.listenAt = request.gone === undefined ? Number.POSITIVE_INFINITY : now + trustMs;
    owner.alarm.by(Math.min(this.limitAt, this.listenAt));
  }

  /** Does what is due now, and says when to come again. */
  wake(now: number): number {
    if (this.isOver) return Number.POSITIVE_INFINITY;
    if (this.limitAt <= now) this.giveUpLate();
    else if (this.listenAt <= now) this.listen();
    return this.isOver ? Number.POSITIVE_INFINITY : Math.min(this.limitAt, this.listenAt);
  }

  /** From now on, it is given up as soon as its caller goes. */
  listen(): void {
    const signal = this.request.gone?.();
    this.listenAt = Number.POSITIVE_INFINITY;
    if (signal === undefined) return;
    const onAbort = (): void => this.giveUp(new CallerGone("the caller has gone"));
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    this.listening = { signal, onAbort };
  }

  begin(): void {
    this.begunAt = performance.now();
  }

  limitTo(limit: Limit): void {
    if (limit.at >= this.deadline) return;
    this.limit = limit;
    this.limitAt = limit.at;
    this.owner.alarm.by(limit.at);
  }

  lift(): void {
    this.limit = null;
    this.limitAt = this.deadline;
  }

  get isOver(): boolean {
    return this.settle === null;
  }

  resolve(reply: UpstreamReply): void {
    const settle = this.end();
    if (settle !== null) this.owner.tellAtEnd(() => settle.resolve(reply));
  }

  reject(error: unknown): void {
    this.end()?.reject(error);
  }

  private giveUp(error: unknown): void {
    if (this.onGiveUp === null) this.reject(error);
    else this.onGiveUp(error);
  }

  private giveUpLate(): void {
    this.giveUp(this.limit?.error() ?? this.late());
  }

  /** One that had to wait for most of its time says more of the load than of who should have answered in the rest. */
  private late(): Error {
    const { deadlineMs } = this.request;
    const within = `within ${Math.round(deadlineMs)} ms`;
    if (this.deadline - this.begunAt < deadlineMs / 2) return new Overloaded(`the upstream had no room ${within}`);
    return new DeadlineExceeded(`the upstream did not answer ${within}`);
  }

  /** Who is to be told; null where somebody was. */
  private end(): PromiseWithResolvers<UpstreamReply> | null {
    const { settle } = this;
    if (settle === null) return null;
    this.settle = null;
    this.listening?.signal.removeEventListener("abort", this.listening.onAbort);
    this.owner.onSettled(this);
    return settle;
  }
}
