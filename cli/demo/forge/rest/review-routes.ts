/** Reviews of pull requests, submitted as a whole: without remarks on single lines, and without drafts of a review. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import { z } from "zod";
import { notImplemented } from "../fault.ts";
import { timestamp } from "../git/parse.ts";
import { nodeId } from "../node-id.ts";
import { submitReview, type Review } from "../pulls/reviews.ts";
import type { PullRequest } from "../pulls/store.ts";
import { repoApiUrl, repoPageUrl, type Scope } from "../world.ts";
import { requirePull } from "./pull-routes.ts";
import { simpleUser } from "./represent-repository.ts";
import { bodyOf, ok, pageOf, route, type Route } from "./router.ts";

type PullReview = RestEndpointMethodTypes["pulls"]["listReviews"]["response"]["data"][number];

const newReview = z.object({
  event: z.enum(["APPROVE", "REQUEST_CHANGES", "COMMENT"]).optional(),
  body: z.string().nullish(),
  commit_id: z.string().optional(),
  comments: z.array(z.unknown()).default([]),
});

function represent({ world }: Scope, pull: PullRequest, review: Review): PullReview {
  const html = `${repoPageUrl(world)}/pull/${pull.number}#pullrequestreview-${review.id}`;
  const url = `${repoApiUrl(world)}/pulls/${pull.number}`;
  return {
    id: review.id,
    node_id: nodeId("PullRequestReview", review.id),
    user: simpleUser(world, review.author),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: url,
    author_association: "COLLABORATOR",
    _links: { html: { href: html }, pull_request: { href: url } },
    submitted_at: timestamp(review.submittedAt),
    commit_id: review.oid,
  };
}

export const reviewRoutes: readonly Route[] = [
  route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "write", (call) => {
    const pull = requirePull(call.world, call.params.pull_number);
    const { event, body, commit_id, comments } = bodyOf(call, newReview);
    if (event === undefined) throw notImplemented("a review that is not submitted at once");
    if (comments.length > 0) throw notImplemented("comments on single lines");
    return ok(represent(call, pull, submitReview(call, pull, { event, body: body ?? "", oid: commit_id })));
  }),

  route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "read", (call) => {
    const pull = requirePull(call.world, call.params.pull_number);
    const page = pageOf(call, pull.reviews);
    return { ...ok(page.items.map((review) => represent(call, pull, review))), headers: page.headers };
  }),
];
