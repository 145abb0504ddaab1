/** Around all tests. */
import { afterAll } from "bun:test";
import { turnOffTelemetry } from "../../cli/gitops/edges/onnx/telemetry.ts";
import { removeSharedFolders } from "./folder.ts";

// Those that load ONNX Runtime into their own process keep it silent as the shipped processes do.
turnOffTelemetry();

afterAll(removeSharedFolders);
