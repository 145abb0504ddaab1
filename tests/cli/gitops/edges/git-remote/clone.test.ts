import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withClone, type Clone } from "../../../../../cli/gitops/edges/git-remote/clone.ts";
import { makeCommit } from "../../../../../cli/gitops/edges/git-remote/write.ts";
import { startRemote } from "./remote.ts";

setDefaultTimeout(60_000);

test("locks that a killed fetch has left in the clone are in nobody's way", async () => {
  await using remote = await startRemote();
  const forge = remote.forge();
  const scope = { models: [], environments: [] };
  await forge.read(scope);
  const refs = join(remote.folder, "cache", "0.git", "refs", "mmsp", "heads");
  const [main = ""] = readdirSync(refs);
  writeFileSync(join(refs, `${main}.lock`), "");
  const head = await remote.push("main", { "other.txt": "x" });
  expect((await forge.read(scope)).head).toBe(head);
});

test("a commit is the one that was made, also where another is made in the same clone meanwhile", async () => {
  await using remote = await startRemote();
  const { address, folder, start: parent } = remote;
  const env = { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  const options = { address, baseBranch: "main", cacheFolder: join(folder, "cache"), config: {}, secrets: [], env };
  await withClone(options, async (clone) => {
    await clone.run("reading", ["fetch", "--quiet", address, "main"]);
    const commit = (place: Clone, message: string) => {
      const identity = { name: "Grace", email: "grace@example.com" };
      return makeCommit(place, { parent, files: [], message, identity, now: new Date() });
    };
    const interrupted: Clone["run"] = async (what, args, input) => {
      const said = await clone.run(what, args, input);
      if (args[0] === "fast-import") await commit(clone, "Theirs");
      return said;
    };
    const oid = await commit({ ...clone, run: interrupted }, "Ours");
    expect(await clone.text("reading", ["log", "-1", "--format=%s", oid])).toBe("Ours");
  });
});
