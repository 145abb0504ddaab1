/** Comments on a pull request, which GitHub keeps under its issue. */
import { z } from "zod";
import { accountOf } from "../users.ts";
import { requirePull } from "./pull-routes.ts";
import { issueComment } from "./represent-pull.ts";
import { bodyOf, pageOf, ok, route, type Route } from "./router.ts";

const newComment = z.object({ body: z.string().min(1) });

export const commentRoutes: readonly Route[] = [
  route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "write", (call) => {
    const { world, user } = call;
    const pull = requirePull(world, call.params.issue_number);
    const comment = world.pulls.comment(pull, accountOf(user), bodyOf(call, newComment).body, world.now());
    return { status: 201, body: issueComment(call, pull, comment) };
  }),

  route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "read", (call) => {
    const pull = requirePull(call.world, call.params.issue_number);
    const page = pageOf(call, pull.comments);
    return { ...ok(page.items.map((comment) => issueComment(call, pull, comment))), headers: page.headers };
  }),
];
