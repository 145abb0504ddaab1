/** What people do to a repository while programs write to it: they push, merge, close, amend, break things and mend them. */
import { openRepository } from "../../cli/demo/forge/git/repository.ts";
import { writeBlob, writeCommit, writeTree, type TreeChange } from "../../cli/demo/forge/git/write.ts";
import { paths } from "../../schemas/tree.ts";
import type { Hub } from "../cli/gitops/hub.ts";
import type { Inspector } from "../cli/gitops/trust/inspector.ts";
import { environments, models, type ActName, type RemoteName } from "./steps.ts";

export interface People extends AsyncDisposable {
  /**
   * Does something, where there is something to do it to; returns the commits that it made. `busy`: branches that a program is
   * at work on, which it is the best time to disturb. On `git` what is merged is a branch.
   */
  act(name: ActName, random: () => number, busy: ReadonlySet<string>, remote: RemoteName): Promise<readonly string[]>;
  /** Forgets what was broken, with the history that it was broken in. */
  forget(): void;
}

type Files = Readonly<Record<string, string>>;

interface Pull {
  readonly number: number;
  readonly head: { readonly ref: string };
}

const somebody = { name: "Somebody Else", email: "somebody@example.com" };

/** `now`: the clock of the history. */
export async function createPeople(hub: Hub, inspector: Inspector, now: () => Date): Promise<People> {
  const repository = await openRepository(hub.server.gitDir);
  /** What stood in a file before somebody broke it. */
  const broken = new Map<string, string>();
  const headOf = async (branch: string): Promise<string> => (await inspector.branches()).get(branch) ?? "";

  async function commit(parent: string, files: Files, message: string): Promise<string> {
    const changes = Object.entries(files).map(([path, text]): TreeChange => {
      return { path, entry: { mode: "100644", oid: writeBlob(repository, Buffer.from(text)) } };
    });
    const tree = await writeTree(repository, parent, changes);
    const person = { ...somebody, date: now() };
    return writeCommit(repository, { tree, parents: [parent], message, author: person, committer: person });
  }

  async function point(branch: string, oid: string): Promise<readonly string[]> {
    if (!(await repository.refs.commit(`update refs/heads/${branch} ${oid}\n`))) throw new Error(`${branch} is locked`);
    return [oid];
  }

  async function push(branch: string, files: Files, message = "Somebody's work"): Promise<readonly string[]> {
    return point(branch, await commit(await headOf(branch), files, message));
  }

  /** An edit of a deployment on a branch; `edit` answers null where it has nothing to do. */
  async function edit(branch: string, path: string, change: (text: string) => string | null) {
    const text = await inspector.text(await headOf(branch), path);
    const edited = text === null ? null : change(text);
    return edited === null || edited === text ? [] : push(branch, { [path]: edited });
  }

  async function restore(): Promise<readonly string[]> {
    const [path, text] = [...broken][0] ?? [];
    if (path === undefined || text === undefined) return [];
    broken.delete(path);
    return push("main", { [path]: text }, "Mend it");
  }

  /** The newest commit of main taken back, where mmsp has made it. */
  async function revert(): Promise<readonly string[]> {
    const { parents, message } = await inspector.commit(await headOf("main"));
    const [parent] = parents;
    if (parent === undefined || parents.length !== 1 || !message.includes("mmsp-change:")) return [];
    const { tree } = await inspector.commit(parent);
    const person = { ...somebody, date: now() };
    const head = await headOf("main");
    return point(
      "main",
      writeCommit(repository, { tree, parents: [head], message: "Revert", author: person, committer: person }),
    );
  }

  async function amend(branch: string): Promise<readonly string[]> {
    const { oid: _, ...tip } = await inspector.commit(await headOf(branch));
    const committer = { ...somebody, date: now() };
    return point(branch, writeCommit(repository, { ...tip, message: `${tip.message}\n`, committer }));
  }

  const openPulls = async () => (await hub.api("GET", "/pulls?state=open&per_page=100")) as readonly Pull[];

  async function onPull(name: ActName, { number, head }: Pull, random: () => number): Promise<readonly string[]> {
    const before = await headOf(head.ref);
    const method = ["merge", "squash", "rebase"][Math.floor(random() * 3)];
    if (name === "merge") await hub.api("PUT", `/pulls/${number}/merge`, { merge_method: method });
    else if (name === "close") await hub.api("PATCH", `/pulls/${number}`, { state: "closed" });
    else if (name === "update-branch") await hub.api("PUT", `/pulls/${number}/update-branch`, {});
    // There may have been nothing to update it with; what is there then is no work of people's.
    const after = await headOf(head.ref);
    return name === "update-branch" && after !== before ? [after] : [];
  }

  /** What the person's own merge request does, which mmsp knows nothing of. */
  async function onMergeRequest(name: ActName, branch: string, random: () => number): Promise<readonly string[]> {
    if (name === "close") return [];
    const opened = await hub.api("POST", "/pulls", { head: branch, base: "main", title: "Merge" });
    const { number } = opened as Partial<Pull>;
    if (number === undefined) return [];
    const made = await onPull(name, { number, head: { ref: branch } }, random);
    await hub.api("PATCH", `/pulls/${number}`, { state: "closed" });
    return made;
  }

  async function onBranch(name: ActName, branch: string, path: string): Promise<readonly string[]> {
    if (name === "push-branch") return push(branch, { "theirs.txt": `${now().toISOString()}\n` });
    if (name === "edit-branch") return edit(branch, path, (text) => `${text}# ${now().toISOString()}\n`);
    if (name === "amend-branch") return amend(branch);
    if (name === "force-branch")
      return point(branch, await commit(await headOf("main"), { "forced.txt": "x\n" }, "Forced"));
    await repository.refs.commit(`delete refs/heads/${branch}\n`);
    return [];
  }

  async function onMain(name: ActName, path: string, random: () => number): Promise<readonly string[]> {
    if (name === "push-main") return push("main", { "theirs.txt": `${now().toISOString()}\n` });
    if (name === "note") return edit("main", path, (text) => `${text}# ${now().toISOString()}\n`);
    const weight = Math.floor(random() * 101);
    if (name === "weight") return edit("main", path, (text) => text.replace(/weight: \d+/, `weight: ${weight}`));
    if (name === "repair") return restore();
    if (name === "revert") return revert();
    return edit("main", path, (text) => {
      if (broken.has(path)) return null;
      broken.set(path, text);
      return random() < 0.5 ? text.replace(/version: \d+/, "version: 77") : `${text}nonsense: [\n`;
    });
  }

  return {
    async act(name, random, busy, remote) {
      const any = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
      const path = paths.deployment(any(environments) ?? "dev", any(models) ?? "fraud");
      const ours = async () => [...(await inspector.branches()).keys()].filter((each) => each.startsWith("mmsp/"));
      if (["merge", "close", "update-branch"].includes(name)) {
        if (remote === "git") {
          const branch = any(await ours());
          return branch === undefined ? [] : onMergeRequest(name, branch, random);
        }
        const pull = any(await openPulls());
        return pull === undefined ? [] : onPull(name, pull, random);
      }
      if (name.endsWith("-branch")) {
        const there = await ours();
        const disturbed = random() < 0.7 ? any(there.filter((each) => busy.has(each))) : undefined;
        const branch = disturbed ?? any(there);
        return branch === undefined ? [] : onBranch(name, branch, path);
      }
      return onMain(name, path, random);
    },
    forget: () => broken.clear(),
    [Symbol.asyncDispose]: () => repository.close(),
  };
}
