import { expect, test } from "bun:test";
import { sha256, signed } from "../../../../../../cli/gitops/edges/store/s3/sign.ts";

/** The examples of Amazon's description of signature version 4, with the credentials that stand there. */
const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", // secretlint-disable-line -- the key of AWS's own documentation
  sessionToken: null,
};
const now = new Date("2013-05-24T00:00:00Z");

const examples = [
  ["GET", "/test.txt", { range: "bytes=0-9" }, "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"],
  ["GET", "/?lifecycle", {}, "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"],
  ["GET", "/?max-keys=2&prefix=J", {}, "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
  [
    "PUT",
    "/test$file.text",
    { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
    "Welcome to Amazon S3.",
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  ],
] as const;

test.each(examples)("%s %s is signed as Amazon's own example", (method, path, headers, body, signature) => {
  const url = new URL(`https://examplebucket.s3.amazonaws.com${path}`);
  const sent = signed({ method, url, headers, bodySha256: sha256(body) }, credentials, "us-east-1", now);
  expect(sent["authorization"]).toEndWith(`Signature=${signature}`);
});

test("a session token is sent and signed with the rest", () => {
  const url = new URL("https://examplebucket.s3.amazonaws.com/test.txt");
  const request = { method: "GET", url, headers: {}, bodySha256: sha256("") };
  const sent = signed(request, { ...credentials, sessionToken: "the token" }, "us-east-1", now);
  expect(sent["x-amz-security-token"]).toBe("the token");
  expect(sent["authorization"]).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,");
});
