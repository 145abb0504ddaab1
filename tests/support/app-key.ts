/** A GitHub App's key, made for the test, in the forms in which people hand it over. */
import { generateKeyPairSync } from "node:crypto";

export interface AppKey {
  readonly publicKey: string;
  /** PKCS#1, as GitHub gives it out. */
  readonly privateKey: string;
}

export function makeAppKey(): AppKey {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKey: privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
  };
}
