import { ProblemError, type Problem } from "../../schemas/problem.ts";
import type { Application, ArgoCd } from "./core/argocd-port.ts";
import {
  applicationsOfFolder,
  comparedAfter,
  judgeApplication,
  judgeMissing,
  mayRefresh,
  notCompared,
  type ApplicationStep,
  type Applied,
  type AppliedFolder,
  type Comparing,
} from "./core/follow-applied.ts";
import { together, type Step } from "./core/follow.ts";
import { OutsideError } from "./core/ports.ts";
import type { Pace } from "./follow-pace.ts";

/** What has to be applied: the folder of each model. */
export interface ToApply {
  readonly folders: readonly AppliedFolder[];
  /** The merged commit; null where nobody said. */
  readonly commit: string | null;
}

export interface ApplyParts {
  readonly open: () => Promise<ArgoCd>;
  readonly now: () => Date;
  readonly tell: (says: string) => void;
}

type AppliedEnd =
  | { readonly kind: "applied"; readonly applications: readonly Applied[] }
  | { readonly kind: "stopped"; readonly problem: Problem };

/**
 * Waits until Argo CD has applied what was merged. It is asked to look at git at once: its own poll takes minutes. `goOn`: of
 * the problem where the time is over.
 */
export async function untilApplied(
  toApply: ToApply,
  { open, now, tell }: ApplyParts,
  pace: Pace,
  goOn: string,
): Promise<AppliedEnd> {
  const since = now().getTime();
  let says: string;
  try {
    const look = createLook(toApply, await open());
    do {
      const step = await look(now().getTime() - since);
      if (step.kind === "arrived") return { kind: "applied", applications: step.all.map(({ applied }) => applied) };
      if (step.kind === "stop") return { kind: "stopped", problem: step.problem };
      ({ says } = step);
      tell(says);
    } while (await pace.next(says));
  } catch (error) {
    const [problem] = error instanceof ProblemError ? error.problems : [];
    // The change is merged: a person is told of its commit whatever is wrong with Argo CD.
    if (problem !== undefined) return { kind: "stopped", problem };
    throw error;
  }
  return { kind: "stopped", problem: pace.tooLong(says, goOn) };
}

/** So many calls at once; each may wait until Argo CD has looked at git. */
const atOnce = 8;

type Look = (missingMs: number) => Promise<Step<{ readonly all: readonly { readonly applied: Applied }[] }>>;

/** One look at all that is still awaited, after another. What has arrived is not looked at again. */
function createLook({ folders, commit }: ToApply, argocd: ArgoCd): Look {
  let listed: readonly Application[] | null = null;
  const comparisons = new Map<string, Comparing>();
  const arrived = new Map<string, ApplicationStep>();

  async function stepOf(application: Application): Promise<ApplicationStep> {
    const page = argocd.pageOf(application);
    const comparing = comparisons.get(page) ?? notCompared;
    const known = arrived.get(page);
    if (known !== undefined) return known;
    const refresh = mayRefresh(comparing);
    const state = await patiently(() => argocd.state(application, refresh));
    if (state instanceof OutsideError) {
      comparisons.set(page, comparedAfter(comparing, { state: null, refreshed: refresh, commit }));
      return awaited(state);
    }
    // Its name is another by now, or it is made anew.
    if (state === null) return forget(page, application);
    const after = comparedAfter(comparing, { state, refreshed: refresh, commit });
    comparisons.set(page, after);
    const step = judgeApplication({ application, state, comparing: after, commit, page });
    if (step.kind === "arrived") arrived.set(page, step);
    return step;
  }

  function forget(page: string, { name }: Application): ApplicationStep {
    listed = null;
    comparisons.delete(page);
    return { kind: "wait", says: `merged; Argo CD has ${name} no more` };
  }

  return async (missingMs) => {
    const applications = listed ?? (await patiently(() => argocd.applications()));
    if (applications instanceof OutsideError) return awaited(applications);
    const found = folders.map((folder) => ({ folder, ...applicationsOfFolder(applications, folder) }));
    const missing = found.filter(({ following }) => following.length === 0);
    listed = missing.length === 0 ? applications : null;
    const awaiting = missing.map(({ folder, elsewhere }) => judgeMissing(folder, elsewhere, missingMs));
    const steps: ApplicationStep[] = [];
    const all = [...new Set(found.flatMap(({ following }) => following))];
    for (let at = 0; at < all.length; at += atOnce) {
      steps.push(...(await Promise.all(all.slice(at, at + atOnce).map(stepOf))));
    }
    return together([...steps, ...awaiting]);
  };
}

/** The failure where the same look may go through later. */
async function patiently<T>(look: () => Promise<T>): Promise<T | OutsideError> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof OutsideError && error.retryable) return error;
    throw error;
  }
}

function awaited({ message }: OutsideError): { readonly kind: "wait"; readonly says: string } {
  return { kind: "wait", says: `merged; ${message}` };
}
