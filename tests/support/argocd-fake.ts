/**
 * A small Argo CD over real HTTP: the two calls of its REST API that mmsp makes, with the shapes of its swagger.json and the replies
 * that argocd-server gives. A refresh is answered when it is done, as there.
 */

interface FakeApplication {
  readonly metadata: { readonly name: string; readonly namespace: string; annotations?: Record<string, string> };
  readonly spec: object;
  status: object;
}

interface FakeCall {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | null;
}

export interface FakeArgoCd extends Disposable {
  readonly url: string;
  readonly applications: Map<string, FakeApplication>;
  readonly calls: FakeCall[];
  /** What happens to an application when it is compared anew. */
  compare: (application: FakeApplication) => void;
  /** Answers in place of the server, where it returns something. */
  hook: ((call: FakeCall) => Response | Promise<Response> | undefined) | undefined;
  /** An Application of a folder of `acme/models`; its status, which it has until somebody says otherwise. */
  add(name: string, path: string, status?: object, spec?: object): FakeApplication;
}

export const argocdToken = "argocd-token-0123456789";

/** `status` of an Application. */
export function argoStatus(sync: string, health: string, revision: string, more: object = {}): object {
  return {
    sync: { status: sync, revision },
    health: { status: health },
    reconciledAt: "2026-11-21T08:00:00Z",
    ...more,
  };
}

export function startFakeArgoCd(): FakeArgoCd {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: (request) => serve(request) });
  const fake: FakeArgoCd = {
    url: `http://127.0.0.1:${server.port}`,
    applications: new Map(),
    calls: [],
    compare() {},
    hook: undefined,
    add(name, path, status = argoStatus("Synced", "Healthy", "0".repeat(40)), spec = {}) {
      const application = {
        metadata: { name, namespace: "argocd" },
        spec: {
          project: "default",
          source: { repoURL: "https://github.com/acme/models.git", path, targetRevision: "HEAD" },
          destination: { server: "https://kubernetes.default.svc", namespace: "models" },
          syncPolicy: { automated: { prune: true } },
          ...spec,
        },
        status,
      };
      this.applications.set(name, application);
      return application;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };

  async function serve(request: Request): Promise<Response> {
    const { pathname: path, searchParams } = new URL(request.url);
    const query = Object.fromEntries(searchParams);
    const call = { path, query, authorization: request.headers.get("authorization") };
    fake.calls.push(call);
    const instead = await fake.hook?.(call);
    if (instead !== undefined) return instead;
    if (!path.startsWith("/api/v1/"))
      return new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
    if (call.authorization !== `Bearer ${argocdToken}`) return refused(401, 16, "no session information");
    const [, name] = /^\/api\/v1\/applications(?:\/([^/]+))?$/.exec(path) ?? [];
    return name === undefined ? listed() : one(name, query);
  }

  /** As with `fields`: names and specs alone. A list of nothing is null. */
  function listed(): Response {
    const items = [...fake.applications.values()].map(({ metadata: { name, namespace }, spec }) => ({
      metadata: { name, namespace },
      spec,
    }));
    return Response.json({ items: items.length === 0 ? null : items, metadata: { resourceVersion: "7" } });
  }

  function one(name: string, query: FakeCall["query"]): Response {
    const application = fake.applications.get(name);
    if (application === undefined) return refused(404, 5, `applications.argoproj.io "${name}" not found`);
    if (query["refresh"] === "normal") fake.compare(application);
    return Response.json(application);
  }

  return fake;
}

export function refused(status: number, code: number, message: string): Response {
  return Response.json({ error: message, code, message }, { status });
}
