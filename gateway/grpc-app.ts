import { callerGone, failedBy, RequestError } from "./core/errors.ts";
import { grpcStatusOf, type GrpcReply, type GrpcRequest } from "./core/grpc-call.ts";
import { grpcMethods, type Asked, type GrpcMethod } from "./routes/grpc.ts";
import { requestIdOf } from "./routes/answer.ts";
import type { Gateway } from "./routes/port.ts";
import { labelOf } from "./routes/prediction.ts";

/**
 * The gRPC methods of a gateway, as what answers each call and never rejects. Errors become replies here and nowhere else; the
 * metrics count a call by the status that it would have had over HTTP.
 */
export function createGrpcApp(gateway: Gateway, version: string): (request: GrpcRequest) => Promise<GrpcReply> {
  const methods = grpcMethods(gateway, version);
  return async (request) => {
    const asked: Asked = { model: null, isPrediction: false };
    const { httpStatus, ...reply } = await answer(gateway, methods, request, asked);
    if (asked.isPrediction) gateway.onReply(labelOf(gateway.table(), asked.model), httpStatus);
    return reply;
  };
}

async function answer(
  gateway: Gateway,
  methods: ReadonlyMap<string, GrpcMethod>,
  request: GrpcRequest,
  asked: Asked,
): Promise<GrpcReply & { readonly httpStatus: number }> {
  try {
    const answered = await methodOf(methods, request.path)(request, asked);
    if (request.isGone()) throw callerGone();
    return { ...answered, status: grpcStatusOf(200), message: "", httpStatus: 200 };
  } catch (error) {
    const requestId = requestIdOf({ headers: { get: request.header } });
    const failure = toRequestError(gateway, error, requestId);
    const { status, code, message } = failure;
    const metadata = {
      "x-mmsp-code": code,
      "x-mmsp-request-id": requestId,
      "x-mmsp-revision": gateway.table().revision,
      ...failedBy(failure),
    };
    return { body: null, metadata, status: grpcStatusOf(status), message, httpStatus: status };
  }
}

function methodOf(methods: ReadonlyMap<string, GrpcMethod>, path: string): GrpcMethod {
  const method = methods.get(path);
  if (method !== undefined) return method;
  const known = [...methods.keys()].map((one) => one.slice(1)).join(", ");
  throw new RequestError(501, "method-unknown", `the gateway has no method ${path.slice(0, 128)}; it has ${known}`);
}

/** A fixed message for what is not the caller's: a cause is an oracle about the inside. */
function toRequestError(gateway: Gateway, error: unknown, requestId: string): RequestError {
  if (error instanceof RequestError) return error;
  gateway.onError(error, requestId);
  return new RequestError(500, "internal", "the gateway failed; its log says why");
}
