import { expect, test } from "bun:test";
import type { Command, RegisterCommand } from "../../../cli/gitops/core/change.ts";
import { publish } from "../../../cli/gitops/publish.ts";
import { paths } from "../../../schemas/tree.ts";
import { anEnvironment, deploy } from "../../support/builders.ts";
import { cutParts } from "./cut-parts.ts";
import { sampleFiles } from "./documents.ts";
import { startHub, type Hub } from "./hub.ts";
import { modelBytes, register } from "./publisher.ts";

const artifacts = { read: () => Promise.resolve(modelBytes), store: () => Promise.resolve() };
const signature: RegisterCommand["signature"] = {
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
  outputs: [{ name: "y", datatype: "FP32", shape: [-1, 1] }],
};
const command: RegisterCommand = { ...register(4), signature };

test("a registration that is open already stays as it is, and only whoever asks again is told", async () => {
  await using hub = await startHub();
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

test("a registration that is deployed says where, in the order of promotion, whatever is wrong elsewhere", async () => {
  const policy = JSON.stringify(anEnvironment("test", { promotesTo: "prod" }));
  await using hub = await startHub({ ...sampleFiles(), [paths.environment("test")]: policy });
  const propose = (what: Command) =>
    publish(what, { baseBranch: "main", as: "pull-request" }, cutParts(hub, { artifacts }));
  const titleOf = async () => ((await hub.api("GET", "/pulls/1")) as { title: string }).title;
  await propose(command);
  for (const environment of ["prod", "test"]) {
    const deployed = await propose(deploy({ environment, version: 4, allowSignatureChange: true }));
    expect(deployed).toMatchObject({ kind: "published", pullRequest: { number: 1, action: "updated" } });
  }
  expect(await titleOf()).toBe("Register fraud 4 and deploy it to test and prod");
  await hub.push("main", { [paths.deployment("prod", "fraud")]: "spec: [" });
  await hub.push(await branchOf(hub), { [paths.deployment("prod", "fraud")]: "spec: \u0000[" });
  const again = await propose(deploy({ environment: "dev", version: 4, weight: 50, allowSignatureChange: true }));
  expect(again).toMatchObject({ kind: "published", pullRequest: { number: 1, action: "updated" } });
  expect(await titleOf()).toBe("Register fraud 4 and deploy it to test and dev and prod");
});

const branchOf = async (hub: Hub) => ((await hub.api("GET", "/pulls/1")) as { head: { ref: string } }).head.ref;
