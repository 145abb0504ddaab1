/** Before all tests: those that load ONNX Runtime into their own process keep it silent as the shipped processes do. */
import { turnOffTelemetry } from "../../cli/gitops/edges/onnx/telemetry.ts";

turnOffTelemetry();
