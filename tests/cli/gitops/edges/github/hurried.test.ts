import { expect, test } from "bun:test";
import { OutsideError } from "../../../../../cli/gitops/core/ports.ts";
import { faulty, startHub } from "../../hub.ts";

test("a client in a hurry tells a failed call at once, and is patient with the next", async () => {
  await using hub = await startHub();
  const client = hub.client({ isHurried: true });
  const scope = { models: ["fraud"], environments: ["dev"] };
  let faults = 2;
  hub.hook = faulty(() => faults-- > 0, 502);

  const failure = await client.read(scope).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OutsideError);
  expect(hub.operations()).toHaveLength(1);

  expect((await client.read(scope)).head).toBe(hub.start);
  expect(hub.operations()).toHaveLength(3);
});
