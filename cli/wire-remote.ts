import pkg from "../package.json" with { type: "json" };
import type { Edges, Remote } from "./context.ts";
import type { HistorySource } from "./gitops/core/history-port.ts";
import type { Forge } from "./gitops/core/ports.ts";
import { fail } from "../schemas/problem.ts";
import { isGitAddress, slugOnGitHub } from "../schemas/repository.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** What the command at hand can be told to do instead. */
interface Offers {
  readonly offersLocal: boolean;
}

/** The edges that ask a repository elsewhere; what a folder answers, too, is asked of it here. */
interface RemoteEdges extends Pick<Edges, "openForge" | "readReadiness" | "watchBranch"> {
  openHistory(remote: Remote): Promise<HistorySource>;
  fileSizes(
    from: { readonly remote: Remote; readonly commit: string },
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, number>>;
}

/** Part of the composition root, loaded where a command leaves the working tree: GitHub, or plain git. */
export function remoteEdges(env: Variables, offers: Offers): RemoteEdges {
  const inClone = offers.offersLocal ? "run it in a clone, with --local and without --repo" : withoutRepo;
  return {
    openForge: async (remote) => {
      const onGitHub = await slugOf(remote.repository, env);
      if (onGitHub === null) return openGitRemote(remote, env);
      const { createGitHub } = await import("./gitops/edges/github/github.ts");
      return createGitHub(await accessTo(remote, env, offers, withoutRepo));
    },
    readReadiness: async (remote) => {
      const { readReadiness } = await import("./gitops/edges/github/readiness.ts");
      return readReadiness(await accessTo(remote, env, offers, nothingToCheck));
    },
    openHistory: async (remote) => {
      const { createGitHubHistory } = await import("./gitops/edges/github/history.ts");
      return createGitHubHistory(await accessTo(remote, env, offers, inClone));
    },
    fileSizes: async ({ remote, commit }, paths) => {
      const { fileSizes } = await import("./gitops/edges/github/file-sizes.ts");
      return fileSizes(await accessTo(remote, env, offers, inClone), commit, paths);
    },
    watchBranch: async (remote) => {
      const { watchBranch } = await import("./gitops/edges/github/watch-branch.ts");
      return watchBranch(await accessTo(remote, env, offers, withoutRepo));
    },
  };
}

/** Plain git, where the repository is on no GitHub. */
async function openGitRemote({ repository, baseBranch }: Remote, env: Variables): Promise<Forge> {
  const [{ createGitRemote }, { cacheFolder, credentialsFor }, { identityOf }] = await Promise.all([
    import("./gitops/edges/git-remote/git-remote.ts"),
    import("./gitops/edges/git-remote/address.ts"),
    import("./gitops/edges/git-remote/write.ts"),
  ]);
  const identity = await identityOf(env);
  const credentials = credentialsFor(repository, env);
  const folder = cacheFolder(repository, env);
  return createGitRemote({ address: repository, baseBranch, cacheFolder: folder, ...credentials, env, identity });
}

/** `owner/name` on GitHub, also of an address there; null where only git is spoken. */
async function slugOf(repository: string, env: Variables): Promise<string | null> {
  if (!isGitAddress(repository)) return repository;
  const { apiUrlOf } = await import("./gitops/edges/github/token.ts");
  return slugOnGitHub(repository, apiUrlOf(env));
}

const withoutRepo = "run the command in a clone, without --repo";
const nothingToCheck =
  "plain git shows no settings to check: mmsp needs no more there than that it may push branches below mmsp/";

/**
 * How the calls to a repository are made, with the App or the token that the variables name. `instead`: what a person does
 * where it is on no GitHub.
 */
async function accessTo(remote: Remote, env: Variables, offers: Offers, instead: string) {
  const [{ requireAccess }, { apiUrlOf }] = await Promise.all([
    import("./gitops/edges/github/access.ts"),
    import("./gitops/edges/github/token.ts"),
  ]);
  const repository = (await slugOf(remote.repository, env)) ?? notOnGitHub(remote.repository, instead);
  const options = { ...remote, repository, apiUrl: apiUrlOf(env), userAgent: `mmsp/${pkg.version}` };
  return { ...options, ...(await requireAccess(env, options, offers)) };
}

function notOnGitHub(repository: string, hint: string): never {
  return fail({
    code: "repository-not-on-github",
    message: `${repository} is plain git to mmsp, and this asks GitHub's API`,
    hint,
  });
}
