import S3rver from "s3rver";
import { temporaryFolder } from "./folder.ts";

/** An S3 server of this process, in a temporary folder, with one bucket. It accepts any secret. */
export interface S3Server {
  /** Variables with which a program finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Somebody else's client of the bucket. */
  readonly client: Bun.S3Client;
  stop(): Promise<void>;
}

export async function startS3(bucket: string): Promise<S3Server> {
  const folder = temporaryFolder();
  const options = { port: 0, address: "127.0.0.1", silent: true, directory: folder.path };
  const server = new S3rver({ ...options, configureBuckets: [{ name: bucket }] });
  const { port } = await server.run();
  const [endpoint, keys] = [`http://127.0.0.1:${port}`, { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" }];
  return {
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
    client: new Bun.S3Client({ endpoint, bucket, ...keys }),
    async stop() {
      await server.close();
      folder[Symbol.dispose]();
    },
  };
}
