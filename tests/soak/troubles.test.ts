import { expect, test } from "bun:test";
import { startLoad } from "./load.ts";
import { hiccups } from "./shaky-line.ts";
import { createTroubles } from "./troubles.ts";
import { tritonWorld } from "./worlds.ts";

test("two replicas let a gateway hide every hiccup of one of them", async () => {
  await using world = await tritonWorld({ times: { stallMs: 300, troubleMs: 300 } });
  const { lines } = world;
  if (lines === null) throw new Error("it has no model servers");
  await using gateway = await world.start();
  const load = startLoad(gateway, 200);
  const troubles = createTroubles(lines, gateway.url, load);
  for (const _ of hiccups) {
    await troubles.during(
      async () => undefined,
      () => "/v2/models/steady/versions/1/infer",
    );
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(load.answered()).toBeGreaterThan(0);
  for (const [way, count] of load.ways) expect([way, count > 0]).toEqual([way, true]);
  expect(troubles.promise()).toMatchObject({ kept: true });
}, 60_000);
