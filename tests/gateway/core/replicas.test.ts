import { describe, expect, test } from "bun:test";
import {
  DeadlineExceeded,
  InferenceError,
  InputRefused,
  Overloaded,
  Unavailable,
} from "../../../gateway/core/ports.ts";
import {
  afterAnswer,
  afterFailure,
  chooseReplica,
  newReplica,
  tellsOf,
  type Replica,
} from "../../../gateway/core/replicas.ts";
import { UpstreamUnreachable } from "../../../gateway/core/upstream.ts";

const answering = (times: number, from: Replica = newReplica): Replica =>
  Array.from({ length: times }).reduce<Replica>((replica) => afterAnswer(replica, 0), from);
const sound = answering(5);
const failing = (times: number, now = 0, from: Replica = newReplica, others: readonly Replica[] = [sound]): Replica =>
  Array.from({ length: times }).reduce<Replica>((replica) => afterFailure(replica, others, now), from);
const at = (inFlight: number, replica: Replica = newReplica) => ({ replica, inFlight });

describe("ejection", () => {
  test("takes five failures one after the other; an answer in between starts anew", () => {
    expect(failing(4).ejectedUntil).toBe(0);
    expect(failing(4, 0, afterAnswer(failing(4), 0)).ejectedUntil).toBe(0);
    expect(failing(5).ejectedUntil).toBe(1000);
  });

  test("takes another one that has answered as many one after the other", () => {
    expect(failing(50, 0, newReplica, []).ejectedUntil).toBe(0);
    expect(failing(50, 0, newReplica, [answering(4)]).ejectedUntil).toBe(0);
    expect(failing(50, 0, newReplica, [answering(4, failing(1, 0, sound))]).ejectedUntil).toBe(0);
    expect(failing(50, 0, newReplica, [failing(1), sound]).ejectedUntil).toBe(1000);
  });

  test("leaves half of them: what more of them share is none's own", () => {
    const ejected = failing(5);
    expect(failing(5, 0, newReplica, [sound, ejected]).ejectedUntil).toBe(1000);
    expect(failing(5, 0, newReplica, [sound, ejected, ejected]).ejectedUntil).toBe(0);
    expect(failing(5, 1000, newReplica, [sound, ejected, ejected]).ejectedUntil).toBe(2000);
  });

  test("is twice as long each time that the first request after it fails, up to a minute", () => {
    let replica = failing(5);
    const lengths: number[] = [];
    for (let times = 0; times < 8; times++) {
      const now = replica.ejectedUntil;
      replica = afterFailure(replica, [sound], now);
      lengths.push(replica.ejectedUntil - now);
    }
    expect(lengths).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test("is over with the first answer after it; those that were on their way say nothing", () => {
    const ejected = failing(5);
    expect(afterAnswer(ejected, 10)).toBe(ejected);
    expect(failing(3, 500, ejected).ejectedUntil).toBe(1000);
    expect(failing(4, 1001, afterAnswer(ejected, 1000)).ejectedUntil).toBeLessThan(1001);
  });
});

test("what a failed request tells of the replica that it went to", () => {
  const unreachable = new Unavailable("no connection", { cause: new UpstreamUnreachable("no connection") });
  const tell = (error: Error, isCallersTime = false) => tellsOf(error, isCallersTime);
  expect([new InferenceError("500"), new DeadlineExceeded("late"), unreachable].map((error) => tell(error))).toEqual([
    "failed",
    "failed",
    "failed",
  ]);
  expect(tell(new InputRefused("no"))).toBe("answered");
  expect(tell(new DeadlineExceeded("late"), true)).toBeNull();
  for (const error of [new Overloaded("full"), new Unavailable("404"), new TypeError("a bug")]) {
    expect(tell(error)).toBeNull();
  }
});

describe("the next request goes to", () => {
  test("the least busy replica, and round where they are equally busy", () => {
    expect(chooseReplica([at(3), at(1), at(2)], -1, 0)).toBe(1);
    const turns: number[] = [];
    for (let last = -1; turns.length < 5; turns.push(last)) last = chooseReplica([at(0), at(0), at(0)], last, 0);
    expect(turns).toEqual([0, 1, 2, 0, 1]);
  });

  test("none that is ejected, but where all are: somebody has to", () => {
    const ejected = failing(5);
    expect(chooseReplica([at(0, ejected), at(9)], -1, 500)).toBe(1);
    expect(chooseReplica([at(0, ejected), at(9)], -1, 1000)).toBe(0);
    expect(chooseReplica([at(4, ejected), at(2, ejected)], -1, 500)).toBe(1);
    expect(chooseReplica([], -1, 0)).toBe(-1);
  });
});
