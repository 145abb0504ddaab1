import { fail } from "../../../../schemas/problem.ts";
import { paths } from "../../../../schemas/tree.ts";
import { HeadMoved } from "../../core/ports.ts";
import { attemptOn, type Clone } from "./clone.ts";
import { explainFailure } from "./failure.ts";

/** Branch -> commit, of all branches. */
export type Heads = ReadonlyMap<string, string>;

/** How far back history is fetched to find where a branch left the base, until all of it is. */
const depths = [50, 500] as const;

/** Where every branch of the remote is now. */
export async function listHeads({ text, options }: Clone): Promise<Heads> {
  const listing = await text("reading", ["ls-remote", "--heads", "--refs", "--", options.address]);
  return new Map(
    listing.split("\n").flatMap((line) => {
      const [oid, ref] = line.split("\t");
      return oid && ref?.startsWith("refs/heads/") ? [[ref.slice("refs/heads/".length), oid] as const] : [];
    }),
  );
}

/** The commit of a branch that has to be there. */
export function headOf(heads: Heads, branch: string, address: string): string {
  const head = heads.get(branch);
  if (head !== undefined) return head;
  const others = [...heads.keys()].filter((name) => !name.startsWith("mmsp/")).slice(0, 5);
  const hint =
    heads.size === 0
      ? "the repository is empty: push a first commit to it"
      : `it has ${others.join(", ")}: see spec.baseBranch in ${paths.project}, or give --base`;
  return fail({ code: "branch-not-found", message: `${address} has no branch "${branch}"`, hint });
}

/** The commits are here, with all their files, but not what came before them. */
export async function ensureCommits(clone: Clone, heads: Heads, branches: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const branch of branches) if (!(await has(clone, heads.get(branch) ?? ""))) missing.push(branch);
  if (missing.length > 0) await fetchBranches(clone, missing, ["--depth=1"]);
  for (const branch of missing) {
    if (!(await has(clone, heads.get(branch) ?? ""))) throw moved(branch);
  }
}

/** History is here as far as it takes to tell what a branch has and the base lacks. */
export async function ensureFork(clone: Clone, heads: Heads, base: string, branch: string): Promise<void> {
  if (await forks(clone, heads, base, branch)) return;
  for (const depth of depths) {
    await fetchBranches(clone, [base, branch], [`--depth=${depth}`]);
    if (await forks(clone, heads, base, branch)) return;
  }
  const shallow = await clone.text("reading", ["rev-parse", "--is-shallow-repository"]);
  if (shallow === "true") await fetchBranches(clone, [base, branch], ["--unshallow"]);
}

async function forks({ git }: Clone, heads: Heads, base: string, branch: string): Promise<boolean> {
  return (await git(["merge-base", heads.get(base) ?? "", heads.get(branch) ?? ""])).ok;
}

async function has({ git }: Clone, oid: string): Promise<boolean> {
  return oid !== "" && (await git(["cat-file", "-e", `${oid}^{tree}`])).ok;
}

/** Kept under names of ours, so that the next fetch brings only what is new. */
async function fetchBranches(
  { git, options }: Clone,
  branches: readonly string[],
  how: readonly string[],
): Promise<void> {
  const refspecs = branches.map((branch) => `+refs/heads/${branch}:${refFor(branch)}`);
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", ...how, "--", options.address, ...refspecs];
  const result = await git(args);
  if (result.ok) return;
  // Deleted, or moved backwards over what was listed, between the listing and the fetch.
  if (/couldn't find remote ref/i.test(result.stderr)) throw moved(branches.join(", "));
  throw explainFailure(result, attemptOn(options, "reading"));
}

/** No two of these are in each other's way, as `a` of yesterday and `a/b` of today would be. */
function refFor(branch: string): string {
  return `refs/mmsp/heads/${new Bun.CryptoHasher("sha1").update(branch).digest("hex")}`;
}

function moved(branch: string): HeadMoved {
  return new HeadMoved(`the branch "${branch}" has moved`);
}
