/** `git/refs` of the git data API. */
import { z } from "zod";
import { Refusal } from "../fault.ts";
import { listRefs, readRef, type Ref } from "../git/refs.ts";
import { createRef, deleteRef, moveRefs } from "../move-ref.ts";
import { nodeId } from "../node-id.ts";
import { repoApiUrl, type World } from "../world.ts";
import { bodyOf, ok, pageOf, route, type Route } from "./router.ts";

const newRef = z.object({ ref: z.string(), sha: z.string() });
const refPatch = z.object({ sha: z.string(), force: z.boolean().default(false) });

function represent(world: World, ref: Ref) {
  const api = repoApiUrl(world);
  const object = { type: ref.type, sha: ref.oid, url: `${api}/git/${ref.type}s/${ref.oid}` };
  return { ref: ref.name, node_id: nodeId("Ref", ref.name), url: `${api}/git/${ref.name}`, object };
}

export const refRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "read", async ({ world, params }) => {
    const ref = await readRef(world.repository, `refs/${params.ref}`);
    if (!ref) throw new Refusal("not-found", "Not Found");
    return ok(represent(world, ref));
  }),

  route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", "read", async (call) => {
    const refs = await listRefs(call.world.repository, `refs/${call.params.ref}`);
    const page = pageOf(call, refs);
    return { ...ok(page.items.map((ref) => represent(call.world, ref))), headers: page.headers };
  }),

  route("POST", "/repos/{owner}/{repo}/git/refs", "write", async (call) => {
    const { ref, sha } = bodyOf(call, newRef);
    return { status: 201, body: represent(call.world, await createRef(call, ref, sha)) };
  }),

  route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", "write", async (call) => {
    const { sha, force } = bodyOf(call, refPatch);
    const moved = await moveRefs(call, [{ name: `refs/${call.params.ref}`, oid: sha, force }]);
    return ok(moved.map((ref) => represent(call.world, ref))[0]);
  }),

  route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", "write", async (call) => {
    await deleteRef(call, `refs/${call.params.ref}`);
    return { status: 204 };
  }),
];
