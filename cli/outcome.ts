import type { Problem } from "../schemas/problem.ts";
import type { Change } from "./gitops/core/change.ts";
import type { PullRequest } from "./gitops/core/ports.ts";
import type { ChangeSet } from "./gitops/core/promote-all.ts";
import type { FollowEnd } from "./gitops/follow-change.ts";
import type { PreviewTarget } from "./gitops/preview.ts";
import type { PublishResult, PushedProposal } from "./gitops/publish.ts";

/** What a command came to; `report.ts` prints it and finds the exit code. */
export type Outcome =
  | PublishResult
  /** A change that was waited for (`--wait`), or that was to merge by itself and does not; people have read of it already. */
  | { readonly kind: "followed"; readonly published: Published; readonly end: FollowEnd }
  | {
      readonly kind: "written";
      readonly change: Change;
      readonly paths: readonly string[];
      readonly notices: readonly string[];
    }
  | {
      readonly kind: "dry-run";
      readonly change: Change;
      readonly diff: string;
      readonly target: PreviewTarget | { readonly kind: "tree" };
      readonly notices: readonly string[];
    }
  /** Changes of several models that go together. */
  | {
      readonly kind: "together";
      readonly set: ChangeSet;
      readonly result:
        /** `end`: it was waited for, and people have read of it already. */
        | { readonly kind: "published"; readonly pullRequest: PullRequest; readonly end?: FollowEnd }
        | { readonly kind: "pushed"; readonly pushed: PushedProposal }
        | { readonly kind: "written"; readonly paths: readonly string[] }
        | {
            readonly kind: "dry-run";
            readonly diff: string;
            readonly target: PreviewTarget | { readonly kind: "tree" };
          };
    }
  | { readonly kind: "refusal"; readonly problems: readonly Problem[] }
  /** All there was to print has been printed on the way. */
  | { readonly kind: "streamed" }
  /** Commands that only tell: `ok: false` exits with 1. */
  | { readonly kind: "report"; readonly text: string; readonly json: object; readonly ok: boolean };

/** A change that is on GitHub. */
export type Published = Extract<PublishResult, { kind: "published" | "committed" }>;

/** Changes of several models that go together. */
export type Together = Extract<Outcome, { kind: "together" }>;
