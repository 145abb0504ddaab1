/** Looks at the repository after each call that took effect, and holds what mmsp and what people wrote against the rules. */
import type { Commit } from "../../cli/demo/forge/git/parse.ts";
import { trailerOf } from "../../cli/gitops/core/placement.ts";
import { effective, highestAttempt } from "../../schemas/effective.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Inspector } from "../cli/gitops/trust/inspector.ts";

export interface Watch {
  /** After a call of mmsp's. Throws where it broke a rule. */
  afterWrite(): Promise<void>;
  /** After what people did. `made`: commits that nobody but people may take away again. */
  afterPeople(made?: readonly string[]): Promise<void>;
}

export async function createWatch(inspector: Inspector): Promise<Watch> {
  let refs = await inspector.branches();
  let theirs = new Set<string>();

  async function reachable(heads: Iterable<string>): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const head of heads) for (const oid of await inspector.ancestors(head)) found.add(oid);
    return found;
  }

  return {
    async afterWrite() {
      const before = refs;
      refs = await inspector.branches();
      const changed = [...refs].filter(([branch, head]) => before.get(branch) !== head);
      const old = changed.length === 0 ? new Set<string>() : await reachable(before.values());
      // A branch may also be made at a commit that is there already.
      for (const [branch, head] of changed) if (!old.has(head)) await checkCommit(inspector, branch, head, before);
      for (const branch of before.keys()) {
        if (!refs.has(branch)) throw new Error(`mmsp deleted the branch ${branch}`);
      }
      const kept = theirs.size === 0 ? theirs : await reachable(refs.values());
      for (const oid of theirs) if (!kept.has(oid)) throw new Error(`somebody's commit ${oid} was lost`);
    },
    async afterPeople(made = []) {
      refs = await inspector.branches();
      const kept = await reachable(refs.values());
      theirs = new Set([...theirs, ...made].filter((oid) => kept.has(oid)));
      checkServed(await inspector.tree(refs.get("main") ?? ""));
    },
  };
}

/** A commit of mmsp's makes nothing worse than it found it, takes no verdict back and goes on from what was there. */
async function checkCommit(
  inspector: Inspector,
  branch: string,
  head: string,
  before: ReadonlyMap<string, string>,
): Promise<void> {
  const commit = await inspector.commit(head);
  if (trailerOf(commit.message, "mmsp-change") === null)
    throw new Error(`${branch} has a commit that says not whose it is`);
  const [parent = ""] = commit.parents;
  if (branch === "main" && parent !== before.get("main")) throw new Error(`main does not go on from where it was`);
  // What is broken on the base branch comes along with a change that was planned over it.
  const base = await inspector.faults(before.get("main") ?? parent);
  const known = new Set([...(await inspector.faults(parent)), ...base].map(({ identity }) => identity));
  const fresh = (await inspector.faults(head)).filter(({ identity }) => !known.has(identity));
  if (fresh.length > 0) throw new Error(`${branch} breaks the rules: ${fresh.map(({ text }) => text).join("; ")}`);
  await checkVerdicts(inspector, commit);
  checkServed(await inspector.tree(head));
}

async function checkVerdicts(inspector: Inspector, { oid, parents: [parent = ""], message }: Commit): Promise<void> {
  const [old, now] = [await inspector.tree(parent), await inspector.tree(oid)];
  for (const [environment, deployments] of old.deployments) {
    for (const [model, before] of deployments) {
      const after = now.deployments.get(environment)?.get(model);
      if (after === undefined) throw new Error(`${environment}/${model} is gone`);
      const kept = new Set(after.spec.rejected?.map(keyOf));
      const lost = (before.spec.rejected ?? []).filter((rejection) => !kept.has(keyOf(rejection)));
      // `deploy --force` is the one way to take a verdict back, of one version.
      const forced = /^mmsp-change: deploy /m.test(message) ? 1 : 0;
      if (new Set(lost.map(({ version }) => version)).size > forced)
        throw new Error(`${environment}/${model} forgot a verdict`);
      if (highestAttempt(after) < highestAttempt(before) && lost.length === 0)
        throw new Error(`${environment}/${model} counts back`);
    }
  }
}

const keyOf = ({ version, attempt }: { version: number; attempt: number }) => `${version}/${attempt}`;

/** What is acted on is sound, whatever stands in the documents. */
export function checkServed(tree: Tree): void {
  for (const [environment, deployments] of tree.deployments) {
    for (const [model, deployment] of deployments) {
      const complaint = complaintAbout(deployment);
      if (complaint !== null) throw new Error(`${environment}/${model} would serve ${complaint}`);
    }
  }
}

function complaintAbout(deployment: ModelDeployment): string | null {
  const rejected = new Set(deployment.spec.rejected?.map(({ version }) => version));
  const { stable, canary, shadow, previous } = effective(deployment);
  const served = [stable?.version, canary?.version, shadow?.version, ...previous].filter((each) => each !== undefined);
  const bad = served.find((version) => rejected.has(version));
  if (bad !== undefined) return `version ${bad}, which is rejected`;
  if (canary && canary.version === stable?.version) return `version ${canary.version} as its own canary`;
  const weight = canary?.weight ?? 0;
  return weight < 0 || weight > 100 ? `${weight} % to its canary` : null;
}
