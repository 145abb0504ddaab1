import { expect, test } from "bun:test";
import type { RegisterCommand } from "../../../cli/gitops/core/change.ts";
import { publish } from "../../../cli/gitops/publish.ts";
import { cutParts } from "./cut-parts.ts";
import { startHub } from "./hub.ts";
import { modelBytes, register } from "./publisher.ts";

test("a registration that is open already stays as it is, and only whoever asks again is told", async () => {
  await using hub = await startHub();
  const artifacts = { read: () => Promise.resolve(modelBytes), store: () => Promise.resolve() };
  const signature: RegisterCommand["signature"] = {
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
    outputs: [{ name: "y", datatype: "FP32", shape: [-1, 1] }],
  };
  const command: RegisterCommand = { ...register(4), signature };
  const publishAt = async (minute: number) => {
    const now = () => new Date(Date.parse("2026-11-21T08:10:00Z") + minute * 60_000);
    const parts = cutParts(hub, { artifacts, now });
    const result = await publish(command, { baseBranch: "main", as: "pull-request" }, parts);
    if (result.kind !== "published") throw new Error(JSON.stringify(result));
    return result;
  };
  const bodyOf = async (number: number) => ((await hub.api("GET", `/pulls/${number}`)) as { body: string }).body;

  const first = await publishAt(0);
  expect(first).toMatchObject({ pullRequest: { action: "opened" }, notices: [] });
  const { number, url } = first.pullRequest;
  const body = await bodyOf(number);

  const again = await publishAt(5);
  expect(again.pullRequest).toEqual({ ...first.pullRequest, action: "unchanged" });
  expect(again.notices).toEqual([`pull request #${number} registers this file already: ${url}`]);
  expect(await bodyOf(number)).toBe(body);
});
