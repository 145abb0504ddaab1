/** `git clone`, `fetch` and `push` over http, by git's own CGI program. */
import { gitEnvironment } from "./git/run.ts";
import { servePush } from "./push.ts";
import { authenticate, mayWrite } from "./users.ts";
import { isServed, type World } from "./world.ts";

export interface GitAccess {
  /** Whether reading needs a token. */
  readonly privateReads: boolean;
}

const PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** Whether the request is one that git's http client makes. */
export function isGitRequest(path: string): boolean {
  return PATH.test(path);
}

/** Answers a request of git's. A push has taken effect when this returns. */
export async function serveGit(world: World, access: GitAccess, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const [, owner = "", repo = "", service = ""] = PATH.exec(url.pathname) ?? [];
  if (!isServed(world, owner, repo)) return new Response("Repository not found.\n", { status: 404 });

  const writes = service === "git-receive-pack" || url.searchParams.get("service") === "git-receive-pack";
  const user = authenticate(world, request.headers.get("authorization"));
  const wrongToken = request.headers.has("authorization") && !user;
  if (wrongToken || (!user && (writes || access.privateReads))) {
    const headers = { "www-authenticate": 'Basic realm="GitHub"' };
    return new Response("Invalid username or token.\n", { status: 401, headers });
  }
  if (user?.permission === "none") return new Response("Repository not found.\n", { status: 404 });
  if (writes && world.settings.archived)
    return new Response("This repository was archived so it is read-only.\n", { status: 403 });
  if (writes && user && !mayWrite(user)) {
    const text = `Permission to ${world.owner}/${world.repo}.git denied to ${user.login}.\n`;
    return new Response(text, { status: 403 });
  }
  const body = Buffer.from(await request.bytes());
  const backend = (sent: Buffer) => runBackend(world, request, { service, login: user?.login, body: sent });
  return service === "git-receive-pack" && user ? servePush(world, user, body, backend) : backend(body);
}

interface BackendCall {
  readonly service: string;
  readonly login: string | undefined;
  readonly body: Buffer;
}

async function runBackend(world: World, request: Request, { service, login, body }: BackendCall): Promise<Response> {
  const header = (name: string) => request.headers.get(name) ?? "";
  const child = Bun.spawn(["git", "http-backend"], {
    env: gitEnvironment({
      GIT_PROJECT_ROOT: world.repository.gitDir,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${service}`,
      REQUEST_METHOD: request.method,
      QUERY_STRING: new URL(request.url).search.slice(1),
      CONTENT_TYPE: header("content-type"),
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      GIT_PROTOCOL: header("git-protocol"),
      ...(login === undefined ? {} : { REMOTE_USER: login }),
    }),
    stdin: body,
    stdout: "pipe",
    stderr: "ignore",
  });
  const [output] = await Promise.all([child.stdout.bytes(), child.exited]);
  return fromCgi(Buffer.from(output));
}

/** A CGI program's output: headers, an empty line, the body; `Status` is 200 unless it is there. */
function fromCgi(output: Buffer): Response {
  const split = output.indexOf("\r\n\r\n");
  if (split === -1) return new Response("git http-backend gave no answer.\n", { status: 500 });
  const headers = new Headers();
  for (const line of output.toString("latin1", 0, split).split("\r\n")) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number.parseInt(headers.get("status") ?? "200", 10);
  headers.delete("status");
  return new Response(output.subarray(split + 4), { status, headers });
}
