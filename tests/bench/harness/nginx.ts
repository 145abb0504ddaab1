import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pinned, type Service } from "./process.ts";

/** Where Debian puts it, which is not on everybody's path. */
const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

/** null where this machine has none. */
export function findNginx(): string | null {
  return Bun.which("nginx", { PATH: path });
}

/** nginx on the server's core, one process, in front of `upstream`, with connections that are kept on both sides. */
export async function startNginx(
  program: string,
  scratch: string,
  upstream: string,
): Promise<Pick<Service, "pid" | "url"> & AsyncDisposable> {
  const folder = join(scratch, "nginx");
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "nginx.conf");
  const port = freePort();
  writeFileSync(config, configOf(folder, port, new URL(upstream).host));
  const child = Bun.spawn(pinned("server", [program, "-p", folder, "-c", config, "-e", "stderr"]), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await answers(`${url}/v2/health/live`, child);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    pid: child.pid,
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** One process, whose CPU time is all there is. Nothing is logged by request, as the gateway logs none; no connection is closed for its age in the middle of a round. */
function configOf(folder: string, port: number, upstream: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.map((what) => `${what}_temp_path ${folder}/${what};`).join("\n  ")}
  keepalive_requests 1000000000;
  upstream models {
    server ${upstream};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://models;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}

/** nginx cannot be asked to choose one and to tell which. */
function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

async function answers(url: string, child: Bun.Subprocess<"ignore", "ignore", "pipe">): Promise<void> {
  for (let left = 200; left > 0 && child.exitCode === null; left--) {
    const reply = await fetch(url).catch(() => null);
    if (reply?.ok === true) return;
    await Bun.sleep(25);
  }
  child.kill("SIGKILL");
  throw new Error(`nginx did not start: ${(await new Response(child.stderr).text()).slice(-1000)}`);
}
