import { expect, test } from "bun:test";
import { startRig } from "../support/gateway-rig.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";
import { fuzzGrpc } from "./grpc.ts";

test("broken messages, frames and connections never get INTERNAL, no answer, or another caller's", async () => {
  await using rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  const port = await rig.listenGrpc();
  const { failures, played, statuses } = await fuzzGrpc({ port, seed: 1, cases: 600 });
  expect(failures).toEqual([]);
  expect(played).toBe(600);
  // Some of what is broken is still sound, and what is not is refused in several ways.
  for (const status of ["0", "3", "5", "8", "12", "http 415"]) expect([...statuses.keys()]).toContain(status);
  expect(rig.logged.filter(({ level }) => level === "error")).toEqual([]);
});
