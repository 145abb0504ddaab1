import { connect, type Socket } from "node:net";

/** An address that answers no attempt to connect, as a host does that is gone or behind a firewall. */
export interface DeafServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

const script = `
  const server = require("node:net").createServer(() => {});
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => process.send(server.address().port));
`;

/** A process that listens, and is stopped: once its queue of connections is full, the system drops every further attempt. */
export async function startDeafServer(): Promise<DeafServer> {
  const { promise: listening, resolve } = Promise.withResolvers<number>();
  const child = Bun.spawn([process.execPath, "-e", script], {
    ipc: (port: number) => resolve(port),
    stdio: ["ignore", "ignore", "ignore"],
  });
  const port = await listening;
  child.kill("SIGSTOP");
  const fillers: Socket[] = [];
  for (let taken = true; taken;) {
    const filler = connect({ host: "127.0.0.1", port });
    fillers.push(filler);
    const { promise: connected, resolve } = Promise.withResolvers<boolean>();
    filler.on("connect", () => resolve(true));
    filler.on("error", () => resolve(false));
    taken = await Promise.race([connected, Bun.sleep(200).then(() => false)]);
  }
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
