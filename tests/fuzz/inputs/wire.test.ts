import { connect } from "node:net";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { drawsOf } from "./random.ts";
import { startMadeUpTriton } from "./made-up-triton.ts";
import { partsOf, whole } from "./wire-cases.ts";
import { playWireCase, wireCasesOf } from "./wire.ts";
import { backendOf, backends, startWorld, type FuzzWorld } from "./worlds.ts";

setDefaultTimeout(60_000);

const first = 20261122;

let worlds: Record<(typeof backends)[number], FuzzWorld>;
beforeAll(async () => {
  worlds = { embedded: await startWorld("embedded"), triton: await startWorld("triton") };
});
afterAll(() => Promise.all(Object.values(worlds).map((world) => world[Symbol.asyncDispose]())));

const portOf = ({ rig }: FuzzWorld): number => rig.app.server?.port ?? 0;

test("whatever bytes come, they are answered as they should be or the connection ends, and the next request is answered", async () => {
  const failures: string[] = [];
  const statuses = new Set<string>();
  for (let seed = first; seed < first + 8; seed++) {
    const port = portOf(worlds[backendOf(seed)]);
    const play = async (one: ReturnType<typeof wireCasesOf>[number]): Promise<void> => {
      const problem = await playWireCase(port, one, (status) => void statuses.add(status));
      if (problem !== null) failures.push(`seed ${seed}, ${one.kind}: ${problem}`);
    };
    await Promise.all(wireCasesOf(seed).map(play));
  }
  expect(failures).toEqual([]);
  for (const backend of backends) expect(await worlds[backend].complaints()).toEqual([]);
  expect([...statuses]).toEqual(expect.arrayContaining(["200", "400", "404", "closed"]));
});

test("the same seed is the same cases", () => {
  expect(wireCasesOf(7)).toEqual(wireCasesOf(7));
  expect(wireCasesOf(7)).not.toEqual(wireCasesOf(8));
});

test("an answer with another's numbers, or another's name, is found", async () => {
  const parts = partsOf(drawsOf(1), "w1x1x");
  const other = partsOf(drawsOf(2), "w1x1x");
  const sound = { kind: "sound", pieces: [whole(parts)], status: 200 };
  const port = portOf(worlds.embedded);
  expect(await playWireCase(port, { ...sound, sent: [parts.inquiry] })).toBeNull();
  expect(await playWireCase(port, { ...sound, sent: [other.inquiry] })).toContain("and should be");
  const sent = [{ ...parts.inquiry, id: "w1x2x" }];
  expect(await playWireCase(port, { ...sound, sent })).toContain("tells of w1x1x");
});

test.each([
  ["a header that is the connection's", "TE: trailers\r\n", ""],
  ["two lengths", "Content-Length: 2\r\n", ""],
  ["a request that nobody sends", "", "DELETE /v2/models/fraud HTTP/1.1\r\n\r\n"],
])("a model server that gets %s says so", async (_, header, behind) => {
  await using triton = await startMadeUpTriton();
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(Number(new URL(triton.url).port), "127.0.0.1", () => {
    const head = `POST /v2/models/fraud/versions/1/infer HTTP/1.1\r\nhost: a\r\n${header}content-length: 2\r\n\r\n{}`;
    socket.write(head + behind);
  });
  let replies = 0;
  socket.on("data", (bytes) => {
    replies += bytes.toString("latin1").split("HTTP/1.1 ").length - 1;
    if (replies === (behind === "" ? 1 : 2)) resolve();
  });
  await promise;
  socket.destroy();
  expect(triton.complaints).toEqual([expect.stringContaining("the model server got")]);
});
