import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { listenGrpc } from "./edges/grpc/server.ts";
import { createGrpcApp } from "./grpc-app.ts";
import type { Gateway } from "./routes/port.ts";
import { sendAway, stopServer, untilQuiet } from "./send-away.ts";

/** Where a gateway is answering. */
export interface Listening {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** `127.0.0.1:9000`, as gRPC's clients take it; null: nowhere. */
  readonly grpc: string | null;
  /** Resolves when clients were told to go elsewhere, and have stopped coming. */
  sendAway(): Promise<void>;
  /** Takes no more requests; resolves when those that run are answered. */
  stop(): Promise<void>;
}

/** Opens the ports: HTTP's, and gRPC's where it is asked for. Rejects where one is taken. */
export async function listen(
  gateway: Gateway,
  version: string,
  { host, port, grpcPort }: Pick<Config, "host" | "port" | "grpcPort">,
): Promise<Listening> {
  const name = host.includes(":") ? `[${host}]` : host;
  const answer = createGrpcApp(gateway, version);
  const onError = (error: unknown): void => gateway.onError(error, "unknown");
  const grpc = grpcPort === null ? null : await listenGrpc({ hostname: host, port: grpcPort, answer, onError });
  const app = createApp(gateway, version).listen({ hostname: host, port });
  return {
    url: `http://${name}:${app.server?.port ?? port}`,
    grpc: grpc && `${name}:${grpc.port}`,
    sendAway: async () => {
      const lastCallAt = grpc?.sendAway();
      await Promise.all([
        app.server && sendAway(app.server, (request) => app.handle(request)),
        lastCallAt && untilQuiet(lastCallAt),
      ]);
    },
    stop: async () => void (await Promise.all([app.server && stopServer(app.server), grpc?.stop()])),
  };
}
