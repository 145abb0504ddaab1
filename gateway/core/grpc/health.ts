import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** Messages of `grpc.health.v1.Health`, from and to their bytes; health.proto says what each field is. */

const serving = 1;
const notServing = 2;

/** The service that is asked about; empty: the server. Throws a WireError. */
export function readHealthCheckRequest(bytes: Uint8Array): string {
  const reader = new WireReader(bytes);
  let service = "";
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) service = reader.text();
    else reader.skip();
  }
  return service;
}

export function writeHealthCheckResponse(isServing: boolean): Uint8Array {
  const writer = new WireWriter();
  writer.uint(1, isServing ? serving : notServing);
  return writer.finish();
}
