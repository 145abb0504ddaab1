import { expect, test } from "bun:test";
import { breastCancer } from "../support/example-models.ts";
import { startRig } from "../support/gateway-rig.ts";
import { servingTree } from "../support/serving-tree.ts";

const model = "breast-cancer";
const since = "2026-11-20T09:12:00Z";

test.each([10, 20])(
  "with automatic rollback off, 200 failing attempts of a canary at %i %% fail no client's request",
  async (weight) => {
    const { versions, featureOrder, rows } = await breastCancer();
    const spec = {
      stable: { version: 2, attempt: 5, since },
      canary: { version: 3, attempt: 6, since, weight },
      rollback: { automatic: false },
    };
    await using rig = await startRig(servingTree({ [model]: { versions, featureOrder: featureOrder!, spec } }));
    const send = rig.listen();
    const failed: number[] = [];
    let hidden = 0;
    let sent = 0;
    for (; hidden < 200 && sent < 20_000; sent += 8) {
      const batch = Array.from({ length: 8 }, (_, at) => {
        const body = JSON.stringify({ model, features: rows[(sent + at) % rows.length] });
        return send("/predict", { method: "POST", body });
      });
      for (const reply of await Promise.all(batch)) {
        if (reply.status !== 200) failed.push(reply.status);
        if (reply.headers.get("x-mmsp-fallback-from") === "3") hidden += 1;
      }
    }
    expect(failed).toEqual([]);
    expect(hidden).toBeGreaterThanOrEqual(200);
    expect(await rig.metric("gateway_reply_total")).toEqual({ [`{model="${model}",code="200"}`]: sent });
    expect(await rig.metric("gateway_request_errors_total")).toEqual({
      [`{model="${model}",version="3",phase="canary"}`]: hidden,
    });
    // The guard knows, and says so; it is told to leave the version alone.
    expect(rig.logged).toContainEqual(
      expect.objectContaining({
        message: "guard: ignore",
        details: expect.objectContaining({ decision: expect.objectContaining({ code: "automatic-off" }) }),
      }),
    );
    expect((await rig.get("/status")).json()).toMatchObject({ cuts: [], models: [{ guard: { kind: "bad" } }] });
  },
  30_000,
);
