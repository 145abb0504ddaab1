import { expect, test } from "bun:test";
import { fileSizes } from "../../../cli/gitops/edges/github/file-sizes.ts";
import { createGitHubHistory } from "../../../cli/gitops/edges/github/history.ts";
import { bytesOf, publishGc } from "../../../cli/gitops/publish-gc.ts";
import { newDocument } from "../../../cli/gitops/render/new-document.ts";
import { paths } from "../../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aVersion } from "../../support/builders.ts";
import { problemsOf } from "../../support/problems.ts";
import { before, startHub, token, type Hub } from "./hub.ts";

const start = Date.parse("2026-11-21T12:00:00Z");
const day = 86_400_000;

/** Version 4 serves in prod; 1, 2 and 3 are registered, each with a file of 10 bytes. */
function tree(): Record<string, string> {
  const versions = [1, 2, 3, 4, 5].map((version) => aVersion("fraud", version));
  const kustomization = (resources: readonly string[]) =>
    newDocument({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources });
  return {
    [paths.project]: newDocument(aProject({ artifactStore: "artifacts" })),
    [paths.environment("prod")]: newDocument(anEnvironment("prod")),
    [paths.deployment("prod", "fraud")]: newDocument(aDeployment({ stable: 4 })),
    [paths.deploymentKustomization("prod", "fraud")]: kustomization(["deployment.yaml", "../../../registry/fraud/4"]),
    ...Object.fromEntries(
      versions.flatMap((document) => {
        const { version, artifact } = document.spec;
        return [
          [paths.version("fraud", version), newDocument(document)],
          [paths.versionKustomization("fraud", version), kustomization(["model-version.yaml"])],
          [`artifacts/${artifact.key ?? ""}`, "0123456789"],
        ];
      }),
    ),
  };
}

function collect(hub: Hub, { apply = true, days = 100 } = {}) {
  const options = {
    repository: "acme/models",
    baseBranch: "main",
    apiUrl: hub.server.apiUrl,
    token,
    userAgent: "mmsp-test",
  };
  return publishGc(
    { baseBranch: "main", windowMs: 30 * day, window: "30d", apply },
    {
      forge: hub.client(),
      history: createGitHubHistory(options),
      sizes: (commit, wanted) => fileSizes(options, commit, wanted),
      settings: {},
      now: () => new Date(start + days * day),
      random: () => 0,
      sleep: async () => {},
    },
  );
}

const gone = ({ draft }: Awaited<ReturnType<typeof collect>>) =>
  draft.remove.map(({ document }) => document.spec.version);

test("one pull request takes registry entries and their artifacts away; again it is the same one, and later brought up to date", async () => {
  await using hub = await startHub(tree());
  const dry = await collect(hub, { apply: false });
  expect({ gone: gone(dry), pull: dry.pullRequest, bytes: bytesOf(dry.draft) }).toEqual({
    gone: [1, 2, 3],
    pull: null,
    bytes: 30,
  });

  const opened = await collect(hub);
  expect(opened.pullRequest).toMatchObject({ number: 1, action: "opened", branch: "mmsp/gc/registry" });
  const files = (await hub.api("GET", "/pulls/1/files")) as readonly { filename: string; status: string }[];
  expect(files.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => "removed"));
  expect(files.filter(({ filename }) => filename.startsWith("artifacts/"))).toHaveLength(3);
  const { body } = (await hub.api("GET", "/pulls/1")) as { body: string };
  expect(body).toContain("| fraud 1 |");
  expect(body).toContain("Revert the merge");

  expect((await collect(hub)).pullRequest).toMatchObject({ number: 1, action: "unchanged" });

  await hub.push("main", {
    [paths.deployment("prod", "fraud")]: newDocument(aDeployment({ stable: 4, spec: { previous: [3] } })),
  });
  const updated = await collect(hub);
  expect({ gone: gone(updated), pull: updated.pullRequest }).toMatchObject({
    gone: [1, 2],
    pull: { number: 1, action: "updated" },
  });

  await hub.api("PUT", "/pulls/1/merge", { merge_method: "squash" });
  expect(gone(await collect(hub))).toEqual([]);
});

test("a branch with others' commits that had no pull request yet goes into one with them, which is said", async () => {
  await using hub = await startHub(tree());
  expect((await collect(hub)).notices).toEqual([]);
  const theirs = await hub.push("mmsp/gc/registry", { "theirs.txt": "x" });
  // As if the run had been killed before it opened one.
  hub.server.forget();
  const { pullRequest, notices } = await collect(hub);
  expect(pullRequest).toMatchObject({ branch: "mmsp/gc/registry", action: "opened" });
  expect(notices).toEqual(["mmsp/gc/registry held others' commits: the pull request has them, too"]);
  expect(await hub.keeps(theirs)).toBe(true);
});

test("what other open pull requests name stays: by a registration, by what is deployed on their branches", async () => {
  await using hub = await startHub(tree());
  const open = (head: string) => hub.api("POST", "/pulls", { title: head, head, base: "main", body: "" });
  await hub.push("theirs", { [paths.deployment("prod", "fraud")]: newDocument(aDeployment({ stable: 4, canary: 2 })) });
  await open("theirs");
  await hub.push("mmsp/staging/fraud/deploy-1", { "README.md": "# Not yet\n" });
  await open("mmsp/staging/fraud/deploy-1");
  const { draft } = await collect(hub, { apply: false });
  expect(draft.remove.map(({ document }) => document.spec.version)).toEqual([3]);
  expect(draft.keep.filter(({ version }) => version < 3).map(({ reason }) => reason)).toEqual([
    "named by pull request #2",
    "named by pull request #1",
  ]);
});

test("what served or came within the time stays", async () => {
  await using hub = await startHub(tree(), { now: () => new Date(start + 10 * day) });
  expect(gone(await collect(hub, { days: 20 }))).toEqual([]);
  const path = paths.deployment("prod", "fraud");
  for (const stable of [3, 5]) {
    const files = [{ path, content: newDocument(aDeployment({ stable })) }];
    await hub
      .client()
      .commit({ branch: "main", expectedHead: await hub.head("main"), files, message: `Serve ${stable}` });
  }
  const { draft } = await collect(hub, { apply: false, days: 35 });
  expect(draft.keep.find(({ version }) => version === 3)?.reason).toBe("served until 2026-12-01");
  expect(draft.remove.map(({ document }) => document.spec.version)).toEqual([1, 2]);
});

test("a base branch that moves in between is read again; a broken document stops everything", async () => {
  await using hub = await startHub(tree());
  const moved = before(hub, 4, () => hub.push("main", { "README.md": "# Moved\n" }));
  expect((await collect(hub)).pullRequest).toMatchObject({ action: "opened" });
  expect(moved.fired).toBe(true);
  await hub.push("main", { [paths.environment("prod")]: "spec: [" });
  expect(await problemsOf(() => collect(hub))).toMatchObject([{ file: paths.environment("prod") }]);
});
