import { expect, test } from "bun:test";
import { paths } from "../../schemas/tree.ts";
import { startRig } from "../support/gateway-rig.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

test("a state that cannot be taken up is logged once, as is its end and who serves from when", async () => {
  const told: [string, unknown][] = [];
  const versions = { 1: linearModel(), 2: linearModel({ bias: [9, 0] }) };
  const file = paths.deployment("dev", "fraud");
  await using rig = await startRig(servingTree({ fraud: { versions } }), {
    log: (_level, message, details) => void told.push([message, details]),
  });
  rig.put(file, "spec: [");
  await rig.reload();
  await rig.reload();
  for (const [path, text] of Object.entries(servingTree({ fraud: { versions, canary: 2, weight: 30 } })))
    rig.put(path, text);
  await rig.reload();
  expect(told.filter(([message]) => message === "serving")).toMatchObject([
    ["serving", { serving: [{ model: "fraud", stable: 1 }] }],
    ["serving", { serving: [{ model: "fraud", stable: 1, canary: 2, weight: 30 }] }],
  ]);
  const ours = told.filter(
    ([message, details]) => message.startsWith("problem") && JSON.stringify(details).includes(file),
  );
  expect(ours).toMatchObject([
    ["problem", { problem: { file, code: "yaml-invalid" } }],
    ["problem is over", { problem: { file, code: "yaml-invalid" } }],
  ]);
});
