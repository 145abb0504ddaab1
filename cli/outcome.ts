import type { Problem } from "../schemas/problem.ts";
import type { Change } from "./gitops/core/change.ts";
import type { PreviewTarget } from "./gitops/preview.ts";
import type { PublishResult } from "./gitops/publish.ts";

/** What a command came to; `report.ts` prints it and finds the exit code. */
export type Outcome =
  | PublishResult
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
  | { readonly kind: "refusal"; readonly problems: readonly Problem[] }
  /** Commands that only tell: `ok: false` exits with 1. */
  | { readonly kind: "report"; readonly text: string; readonly json: object; readonly ok: boolean };
