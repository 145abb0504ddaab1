import type { RoutingTable } from "../core/route.ts";

/** Counts what clients of predictions got, by the model that they asked for. */
export interface Replies {
  /** The request asks for a prediction; of `model`, as soon as that is known. */
  about(request: Request, model: string | null): void;
  /** The request was answered. Requests that nothing was said about are not counted. */
  count(request: Request, status: number): void;
}

/** `onReply` gets "" for models that are not served: labels must not grow with what people send. */
export function createReplies(gateway: { table(): RoutingTable; onReply(model: string, code: number): void }): Replies {
  const asked = new WeakMap<Request, string | null>();
  return {
    about: (request, model) => void asked.set(request, model),
    count(request, status) {
      const model = asked.get(request);
      if (model !== undefined) gateway.onReply(labelOf(gateway.table(), model), status);
    },
  };
}

/** The model that a request is counted for: the one that it names, or where it names none the only one. */
export function labelOf({ models }: RoutingTable, asked: string | null): string {
  if (asked !== null) return models.has(asked) ? asked : "";
  const [only] = models.keys();
  return models.size === 1 && only !== undefined ? only : "";
}
