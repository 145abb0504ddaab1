/** Commit statuses, as a program that checks commits sets them. */
import { z } from "zod";
import { Refusal } from "../fault.ts";
import { timestamp } from "../git/parse.ts";
import { readCommit } from "../git/repository.ts";
import { nodeId } from "../node-id.ts";
import { accountOf } from "../users.ts";
import { repoApiUrl } from "../world.ts";
import { simpleUser } from "./represent-repository.ts";
import { bodyOf, route, type Route } from "./router.ts";

const newStatus = z.object({
  state: z.enum(["error", "failure", "pending", "success"]),
  context: z.string().min(1).default("default"),
  target_url: z.string().nullish(),
  description: z.string().max(140).nullish(),
});

export const statusRoutes: readonly Route[] = [
  route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "write", async (call) => {
    const { world, user, params } = call;
    const body = bodyOf(call, newStatus);
    const commit = await readCommit(world.repository, params.sha);
    if (!commit) throw new Refusal("unprocessable", `No commit found for SHA: ${params.sha}`);
    const at = world.now();
    const { state, context } = body;
    const given = { state, context, targetUrl: body.target_url ?? null, description: body.description ?? null, at };
    const status = world.statuses.set(commit.oid, given);
    return {
      status: 201,
      body: {
        url: `${repoApiUrl(world)}/statuses/${commit.oid}`,
        avatar_url: null,
        id: status.id,
        node_id: nodeId("Commit", `status-${status.id}`),
        state,
        description: status.description,
        target_url: status.targetUrl,
        context,
        created_at: timestamp(at),
        updated_at: timestamp(at),
        creator: simpleUser(world, accountOf(user)),
      },
    };
  }),
];
