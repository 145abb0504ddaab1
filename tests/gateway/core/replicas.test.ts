import { describe, expect, test } from "bun:test";
import { afterAnswer, afterFailure, chooseReplica, newReplica, type Replica } from "../../../gateway/core/replicas.ts";

const failing = (times: number, now = 0, from: Replica = newReplica): Replica =>
  Array.from({ length: times }).reduce<Replica>((replica) => afterFailure(replica, now), from);
const at = (inFlight: number, replica: Replica = newReplica) => ({ replica, inFlight });

describe("ejection", () => {
  test("takes five failures one after the other; an answer in between starts anew", () => {
    expect(failing(4).ejectedUntil).toBe(0);
    expect(failing(4, 0, afterAnswer(failing(4), 0)).ejectedUntil).toBe(0);
    expect(failing(5).ejectedUntil).toBe(1000);
  });

  test("is twice as long each time that the first request after it fails, up to a minute", () => {
    let replica = failing(5);
    const lengths: number[] = [];
    for (let times = 0; times < 8; times++) {
      const now = replica.ejectedUntil;
      replica = afterFailure(replica, now);
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
