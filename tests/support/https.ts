import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";

/** An address on this machine, and a fetch that trusts who is there. */
export interface Trusted {
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

interface Certificate extends Disposable {
  readonly tls: { readonly key: string; readonly cert: string };
  /** Its file, for NODE_EXTRA_CA_CERTS. */
  readonly file: string;
  readonly fetch: Trusted["fetch"];
}

/** For `localhost`, made on the spot. */
export function makeCertificate(): Certificate {
  const folder = temporaryFolder();
  const [key, file] = [join(folder.path, "key.pem"), join(folder.path, "certificate.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const made = Bun.spawnSync(["openssl", "req", ...kind, ...name, "-keyout", key, "-out", file]);
  if (made.exitCode !== 0) throw new Error(`openssl: ${made.stderr.toString()}`);
  const cert = readFileSync(file, "utf8");
  return {
    tls: { key: readFileSync(key, "utf8"), cert },
    file,
    fetch: (url, init) => fetch(url, { ...init, tls: { ca: cert } }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** An https server on this machine. `certificate`: its file, for NODE_EXTRA_CA_CERTS. */
export interface HttpsServer extends Trusted, Disposable {
  readonly certificate: string;
}

export function startHttps(answer: (request: Request) => Response | Promise<Response>): HttpsServer {
  const certificate = makeCertificate();
  const server = Bun.serve({ port: 0, hostname: "localhost", tls: certificate.tls, fetch: answer });
  return {
    url: `https://localhost:${server.port}`,
    certificate: certificate.file,
    fetch: certificate.fetch,
    [Symbol.dispose]() {
      void server.stop(true);
      certificate[Symbol.dispose]();
    },
  };
}
