import { expect, test } from "bun:test";
import { whileAwaited } from "../../../gateway/react/while-awaited.ts";

const messageOf = (error: unknown): string => (error as Error).message;

test("a port answers as it does, until nobody waits any longer: then it makes no more calls", async () => {
  const calls: string[] = [];
  const hanging = Promise.withResolvers<string>();
  const port = {
    read: (what: string) => (calls.push(`read ${what}`), Promise.resolve(`${what} text`)),
    commit: () => (calls.push("commit"), hanging.promise),
  };
  const controller = new AbortController();
  const awaited = whileAwaited(port, controller.signal);
  expect(await awaited.read("a")).toBe("a text");
  const committing = awaited.commit().catch(messageOf);
  controller.abort(new Error("no answer within 150 s"));
  expect(await committing).toBe("no answer within 150 s");
  expect(await awaited.read("b").catch(messageOf)).toBe("no answer within 150 s");
  expect(calls).toEqual(["read a", "commit"]);
});

test("what a port throws is thrown on", async () => {
  const awaited = whileAwaited(
    { read: () => Promise.reject(new Error("away")), write: () => Promise.resolve() },
    new AbortController().signal,
  );
  expect(await (awaited.read() as Promise<unknown>).catch(messageOf)).toBe("away");
});

test("what is no call of a port stays as it is", () => {
  const port = { proposes: "branches", read: () => Promise.resolve("") } as const;
  expect(whileAwaited(port, new AbortController().signal).proposes).toBe("branches");
});
