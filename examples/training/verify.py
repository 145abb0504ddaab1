"""Recomputes digests, metrics and failing rows from the committed files and compares them with index.json."""

import hashlib
import json
import math
import sys

from evaluate import evaluate
from outputs import INDEX, REPOSITORY, read_heldout

# Probabilities are float32 and differ in the last bits between processors; labels, and so accuracy, do not.
TOLERANCE = {"accuracy": 1e-9, "roc_auc": 1e-6, "log_loss": 1e-6}


def problems_of(model: str, entry: dict) -> list[str]:
    """One sentence for each thing about a version that is not as its index entry says."""
    path = REPOSITORY / entry["path"]
    onnx_bytes = path.read_bytes()
    metrics_file = json.loads(path.with_name("metrics.json").read_text())
    rows, targets = read_heldout(model)
    result = evaluate(onnx_bytes, rows, targets)
    problems = []
    if hashlib.sha256(onnx_bytes).hexdigest() != entry["sha256"]:
        problems.append("its digest differs")
    if len(onnx_bytes) != entry["sizeBytes"]:
        problems.append("its size differs")
    if metrics_file != entry["metrics"]:
        problems.append("metrics.json and index.json differ")
    for name, tolerance in TOLERANCE.items():
        if not math.isclose(result.metrics[name], entry["metrics"][name], rel_tol=0, abs_tol=tolerance):
            problems.append(f"{name} is {result.metrics[name]}, not {entry['metrics'][name]}")
    if result.failing_rows != entry["failing"]["rows"]:
        problems.append("it fails on other rows")
    if not math.isclose(entry["failing"]["share"], len(result.failing_rows) / len(rows)):
        problems.append("the share of failing rows differs")
    return problems


def main() -> int:
    index = json.loads(INDEX.read_text())
    entries = [(model, entry) for model, versions in index.items() for entry in versions]
    bad = 0
    for model, entry in entries:
        problems = problems_of(model, entry)
        bad += bool(problems)
        print(f"{entry['path']}: {'; '.join(problems) or 'as the index says'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
