import type { RoutingTable } from "../core/route.ts";

/** Of a path such as `/v2/models/:model/versions/:version/infer`. */
export type Params = Readonly<Record<string, string>>;

/** The model that a request asks a prediction of, as soon as that is known; null: it names none; undefined: it asks for none. */
export interface Asked {
  model: string | null | undefined;
}

/** Answers one request for a prediction. Throws a RequestError for what the caller did wrong, and says in `asked` what about. */
export type PredictionRoute = (request: Request, params: Params, asked: Asked) => Promise<Response>;

/** Routes by path, of POST requests. */
export type PredictionRoutes = Readonly<Record<string, PredictionRoute>>;

/** What the client gets, whatever happens. */
export type Answering = (request: Request, params: Params) => Promise<Response>;

export interface AnsweringDeps {
  /** An error as a reply. */
  readonly fail: (error: unknown, request: Request) => Response;
  readonly table: () => RoutingTable;
  /** Gets "" for models that are not served: labels must not grow with what people send. */
  readonly onReply: (model: string, code: number) => void;
}

/** Makes errors replies, and counts what clients of predictions got by the model that they asked for. */
export function answering(route: PredictionRoute, { fail, table, onReply }: AnsweringDeps): Answering {
  return async (request, params) => {
    const asked: Asked = { model: undefined };
    let response: Response;
    try {
      response = await route(request, params, asked);
    } catch (error) {
      response = fail(error, request);
    }
    if (asked.model !== undefined) onReply(labelOf(table(), asked.model), response.status);
    return response;
  };
}

/** The model that a request is counted for: the one that it names, or where it names none the only one. */
export function labelOf({ models }: RoutingTable, asked: string | null): string {
  if (asked !== null) return models.has(asked) ? asked : "";
  if (models.size !== 1) return "";
  for (const only of models.keys()) return only;
  return "";
}
