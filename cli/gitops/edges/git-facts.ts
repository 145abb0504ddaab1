/** What git says of the clone around a folder. Everything is null where there is no git, or no clone. */
export interface GitFacts {
  readonly commit: string | null;
  readonly user: string | null;
  /** owner/name of the remote `origin`, where its address has that form. */
  readonly repository: string | null;
}

/** Asks git; never fails and never waits for input. */
export async function gitFacts(dir: string): Promise<GitFacts> {
  const [commit, user, origin] = await Promise.all([
    git(dir, "rev-parse", "HEAD"),
    git(dir, "config", "user.name"),
    git(dir, "config", "remote.origin.url"),
  ]);
  return { commit, user, repository: origin === null ? null : repositoryOf(origin) };
}

async function git(dir: string, ...args: readonly string[]): Promise<string | null> {
  if (Bun.which("git") === null) return null;
  const child = Bun.spawn(["git", "-C", dir, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const text = (await new Response(child.stdout).text()).trim();
  return (await child.exited) === 0 && text !== "" ? text : null;
}

/** `git@github.com:acme/models.git` and `https://github.com/acme/models` -> `acme/models`. */
function repositoryOf(url: string): string | null {
  return /[/:]([A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(url)?.[1] ?? null;
}
