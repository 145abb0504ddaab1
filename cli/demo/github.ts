import { DEMO_TOKEN } from "./forge/server.ts";
import { repository, type Stage } from "./stage.ts";
import { DidNotHappen, must } from "./wait.ts";

/** What became of a try to merge a pull request. */
export type Merged =
  | { readonly kind: "merged"; readonly commit: string }
  | { readonly kind: "conflict"; readonly message: string };

export interface OpenPull {
  readonly number: number;
  readonly title: string;
  readonly branch: string;
}

/** Open pull requests, newest first. */
export async function openPulls(stage: Stage): Promise<readonly OpenPull[]> {
  const { status, body } = await call(stage, "GET", "/pulls?state=open&sort=created&direction=desc&per_page=100");
  must(status === 200 && Array.isArray(body), `GitHub answered the list of pull requests with ${status}`);
  const pulls = body as readonly { number: number; title: string; head: { ref: string } }[];
  return pulls.map(({ number, title, head }) => ({ number, title, branch: head.ref }));
}

/** Presses the merge button. */
export async function mergePull(stage: Stage, number: number): Promise<Merged> {
  const { status, body } = await call(stage, "PUT", `/pulls/${number}/merge`, { merge_method: "squash" });
  const reply = body as { readonly sha?: string; readonly message?: string };
  if (status === 200 && reply.sha !== undefined) return { kind: "merged", commit: reply.sha };
  if (status === 405) return { kind: "conflict", message: reply.message ?? "not mergeable" };
  throw new DidNotHappen(`GitHub answered the merge of #${number} with ${status}: ${reply.message ?? ""}`);
}

/** Whether GitHub itself says that it is merged. */
export async function isMerged(stage: Stage, number: number): Promise<boolean> {
  const { body } = await call(stage, "GET", `/pulls/${number}`);
  return (body as { readonly merged?: boolean }).merged === true;
}

async function call(
  stage: Stage,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const url = `${stage.forge.apiUrl}/repos/${repository.owner}/${repository.repo}${path}`;
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${DEMO_TOKEN}`, accept: "application/vnd.github+json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
