import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { takeOver, withSlot } from "../../../../../cli/gitops/edges/git-remote/slots.ts";
import { temporaryFolder } from "../../../../support/folder.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const slot = (): Promise<string> => withSlot(folder.path, async (place) => basename(place));

/** A process that has ended. */
async function endedPid(): Promise<number> {
  const child = Bun.spawn(["true"]);
  await child.exited;
  return child.pid;
}

test("one after the other get the same folder, and nothing stays locked", async () => {
  expect([await slot(), await slot()]).toEqual(["0.git", "0.git"]);
  await withSlot(folder.path, () => Promise.reject(new Error("x"))).catch(() => undefined);
  expect(await slot()).toBe("0.git");
  expect(readdirSync(folder.path)).toEqual([]);
});

test("those at once get a folder each", async () => {
  const gate = Promise.withResolvers<void>();
  const places = Array.from({ length: 10 }, () =>
    withSlot(folder.path, async (place) => {
      await gate.promise;
      return place;
    }),
  );
  gate.resolve();
  expect(new Set(await Promise.all(places)).size).toBe(10);
});

test("what a killed process has left is free again; what another machine has touched of late is not", async () => {
  folder.put("0.lock", `${await endedPid()} ${hostname()}`);
  expect(await slot()).toBe("0.git");
  folder.put("0.lock", `${process.pid} ${hostname()}`);
  folder.put("1.lock", `1 ${hostname()}`);
  folder.put("2.lock", "77 elsewhere");
  expect(await slot()).toBe("3.git");
});

test("what another machine has not touched for some minutes is free again, and who works touches its lock", async () => {
  const lock = folder.put("0.lock", "77 elsewhere");
  const before = new Date(Date.now() - 20 * 60_000);
  utimesSync(lock, before, before);
  expect(await slot()).toBe("0.git");
  await withSlot(
    folder.path,
    async () => {
      utimesSync(lock, before, before);
      while (statSync(lock).mtimeMs === before.getTime()) await Bun.sleep(1);
    },
    { touchMs: 1 },
  );
  expect(readdirSync(folder.path)).toEqual([]);
});

test("who has seen a dead lock, and comes second to taking it over, leaves the first one's alone", async () => {
  const dead = `${await endedPid()} ${hostname()}`;
  const lock = folder.put("0.lock", dead);
  // Two have read the dead lock; one of them was faster.
  await withSlot(folder.path, async (place) => {
    expect(basename(place)).toBe("0.git");
    const theirs = readFileSync(lock, "utf8");
    expect(takeOver(lock, dead, "the second", folder.path)).toBe(false);
    expect(readFileSync(lock, "utf8")).toBe(theirs);
    expect(await slot()).toBe("1.git");
  });
  expect(readdirSync(folder.path)).toEqual([]);
});

test("nobody takes a dead lock over while somebody is at it", async () => {
  folder.put("0.lock", `${await endedPid()} ${hostname()}`);
  folder.put("0.lock.taking", "somebody");
  expect(await slot()).toBe("1.git");
});

test("who has lost its lock to somebody else does not take that one's away", async () => {
  const lock = join(folder.path, "0.lock");
  await withSlot(folder.path, async () => void folder.put("0.lock", "77 elsewhere"));
  expect(readFileSync(lock, "utf8")).toBe("77 elsewhere");
});

test("a lock that was never written is held for a minute", async () => {
  const lock = folder.put("0.lock", "");
  expect(await slot()).toBe("1.git");
  const before = new Date(Date.now() - 120_000);
  utimesSync(lock, before, before);
  expect(await slot()).toBe("0.git");
});

test("ten that find the same dead lock never share a folder", async () => {
  folder.put("0.lock", `${await endedPid()} ${hostname()}`);
  let most = 0;
  const inside = new Map<string, number>();
  const work = async (place: string): Promise<void> => {
    inside.set(place, (inside.get(place) ?? 0) + 1);
    most = Math.max(most, ...inside.values());
    await Bun.sleep(1);
    inside.set(place, (inside.get(place) ?? 1) - 1);
  };
  await Promise.all(Array.from({ length: 10 }, () => withSlot(folder.path, work)));
  expect(most).toBe(1);
});

test("a place that cannot be used is told with what to do", async () => {
  const file = folder.put("file", "x");
  const error: unknown = await withSlot(join(file, "below"), () => Promise.resolve()).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "OutsideError", hint: expect.stringContaining("XDG_CACHE_HOME") });
  expect(existsSync(join(file, "below"))).toBe(false);
});
