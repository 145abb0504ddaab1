/** Around all tests. */
import { afterAll } from "bun:test";
import { turnOffTelemetry } from "../../cli/gitops/edges/onnx/telemetry.ts";
import { removeSharedFolders } from "./folder.ts";

// Those that load ONNX Runtime into their own process keep it silent as the shipped processes do.
turnOffTelemetry();

// A worker of `bun test --parallel` calls this after each of its files; there `bun run check` removes what is left.
if (process.env["BUN_TEST_WORKER_ID"] === undefined) afterAll(removeSharedFolders);
