/** The pull requests and their comments and reviews: the part of GitHub that is not in the git repository. Kept in memory. */
import type { Account, ForgeUser } from "../users.ts";
import type { Review } from "./reviews.ts";

export interface Comment {
  readonly id: number;
  readonly author: Account;
  readonly body: string;
  readonly createdAt: Date;
}

export interface PullRequest {
  readonly number: number;
  readonly author: Account;
  readonly createdAt: Date;
  readonly headRef: string;
  readonly draft: boolean;
  title: string;
  body: string | null;
  state: "open" | "closed";
  baseRef: string;
  /** The branches' commits while it is open; what they were at the end once it is not. */
  headOid: string;
  baseOid: string;
  updatedAt: Date;
  closedAt: Date | null;
  autoMerge: AutoMerge | null;
  merged: { readonly at: Date; readonly by: Account | null; readonly commitOid: string } | null;
  readonly comments: Comment[];
  /** Oldest first. */
  readonly reviews: Review[];
}

type MergeMethod = "merge" | "squash" | "rebase";

export interface MergeRequest {
  readonly method: MergeMethod;
  /** The head that the caller has seen; another one is refused. */
  readonly headOid?: string | undefined;
  readonly title?: string | undefined;
  readonly message?: string | undefined;
}

/** Somebody's wish that it be merged as soon as the rules are kept. */
export interface AutoMerge {
  readonly by: ForgeUser;
  readonly at: Date;
  readonly request: MergeRequest;
}

type NewPullRequest = Pick<
  PullRequest,
  "author" | "title" | "body" | "draft" | "headRef" | "headOid" | "baseRef" | "baseOid"
>;

export interface PullStore {
  all(): readonly PullRequest[];
  find(number: number): PullRequest | null;
  insert(pull: NewPullRequest, at: Date): PullRequest;
  comment(pull: PullRequest, author: Account, body: string, at: Date): Comment;
  review(pull: PullRequest, review: Omit<Review, "id">): Review;
  /** Forgets everything: numbers start at 1 again. */
  clear(): void;
  findComment(id: number): { readonly pull: PullRequest; readonly comment: Comment } | null;
}

export function createPullStore(): PullStore {
  const pulls: PullRequest[] = [];
  let comments = 0;
  let reviews = 0;
  return {
    all: () => pulls,
    find: (number) => pulls[number - 1] ?? null,
    insert(fields, at) {
      const pull: PullRequest = {
        ...fields,
        number: pulls.length + 1,
        createdAt: at,
        state: "open",
        updatedAt: at,
        closedAt: null,
        autoMerge: null,
        merged: null,
        comments: [],
        reviews: [],
      };
      pulls.push(pull);
      return pull;
    },
    comment(pull, author, body, at) {
      comments += 1;
      const comment = { id: comments, author, body, createdAt: at };
      pull.comments.push(comment);
      pull.updatedAt = at;
      return comment;
    },
    review(pull, given) {
      reviews += 1;
      const review = { ...given, id: reviews };
      pull.reviews.push(review);
      return review;
    },
    clear: () => void pulls.splice(0),
    findComment(id) {
      for (const pull of pulls) {
        const comment = pull.comments.find((each) => each.id === id);
        if (comment) return { pull, comment };
      }
      return null;
    },
  };
}

export function closePull(pull: PullRequest, at: Date): void {
  pull.state = "closed";
  pull.closedAt = at;
  pull.autoMerge = null;
  pull.updatedAt = at;
}

export function markMerged(pull: PullRequest, at: Date, by: Account | null, commitOid: string): void {
  closePull(pull, at);
  pull.merged = { at, by, commitOid };
}
