/** What git says of the clone around a folder. Everything is null where there is no git, or no clone. */
export interface GitFacts {
  readonly commit: string | null;
  readonly user: string | null;
  /** Address of the remote `origin`, as git has it: there may be a password in it. */
  readonly origin: string | null;
}

/** Asks git; never fails and never waits for input. */
export async function gitFacts(dir: string): Promise<GitFacts> {
  const [commit, user, origin] = await Promise.all([
    git(dir, "rev-parse", "HEAD"),
    git(dir, "config", "user.name"),
    git(dir, "config", "remote.origin.url"),
  ]);
  return { commit, user, origin };
}

async function git(dir: string, ...args: readonly string[]): Promise<string | null> {
  if (Bun.which("git") === null) return null;
  const child = Bun.spawn(["git", "-C", dir, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const text = (await new Response(child.stdout).text()).trim();
  return (await child.exited) === 0 && text !== "" ? text : null;
}
