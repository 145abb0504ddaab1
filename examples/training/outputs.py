"""Where the outputs are, and their formats."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datasets import Dataset
from evaluate import evaluate
from export import Version

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"
INDEX = EXAMPLES / "models" / "index.json"
BASELINE_ROWS = 100


def write_data(data: Dataset) -> None:
    """features.json, heldout.parquet (with the target) and baseline.parquet (training rows, without it)."""
    folder = data_folder(data.model)
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "features.json", data.features)
    _write_parquet(folder / "heldout.parquet", data, data.heldout_rows, data.heldout_targets)
    _write_parquet(folder / "baseline.parquet", data, data.train_rows[:BASELINE_ROWS])


def write_version(data: Dataset, version: Version) -> dict:
    """model.onnx and metrics.json; returns the entry of the index."""
    folder = EXAMPLES / "models" / data.model / version.folder
    folder.mkdir(parents=True, exist_ok=True)
    onnx_bytes = version.graph.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(onnx_bytes)
    result = evaluate(onnx_bytes, data.heldout_rows, data.heldout_targets)
    _write_json(folder / "metrics.json", result.metrics)
    return {
        "version": version.number,
        "description": version.description,
        "path": (folder / "model.onnx").relative_to(REPOSITORY).as_posix(),
        "sha256": hashlib.sha256(onnx_bytes).hexdigest(),
        "sizeBytes": len(onnx_bytes),
        "metrics": result.metrics,
        "failing": {"share": len(result.failing_rows) / len(data.heldout_rows), "rows": result.failing_rows},
    }


def write_index(entries: dict[str, list[dict]]) -> None:
    """Model name -> its versions, oldest first; paths are relative to the repository's root."""
    _write_json(INDEX, entries)


def write_requests(data: Dataset) -> None:
    """A body for POST /predict with one row, and one for POST /v2/models/<model>/infer with two."""
    folder = EXAMPLES / "requests"
    folder.mkdir(parents=True, exist_ok=True)
    first, second = data.heldout_rows[:2].tolist()
    _write_json(
        folder / f"{data.model}-predict.json",
        {"model": data.model, "features": dict(zip(data.features, first, strict=True))},
    )
    tensor = {"name": "features", "shape": [2, len(data.features)], "datatype": "FP32", "data": first + second}
    _write_json(folder / f"{data.model}-infer.json", {"id": "example-1", "inputs": [tensor]})


def read_heldout(model: str) -> tuple[np.ndarray, np.ndarray]:
    """The held-out rows [n, features], in the order of features.json, and their targets [n]."""
    folder = data_folder(model)
    table = pq.read_table(folder / "heldout.parquet")
    features = json.loads((folder / "features.json").read_text())
    rows = np.column_stack([table.column(name).to_numpy() for name in features])
    return rows, table.column("target").to_numpy()


def data_folder(model: str) -> Path:
    """Where a model's rows and feature order are."""
    return EXAMPLES / "data" / model


def _write_parquet(path: Path, data: Dataset, rows: np.ndarray, targets: np.ndarray | None = None) -> None:
    columns = {name: pa.array(rows[:, at], pa.float64()) for at, name in enumerate(data.features)}
    if targets is not None:
        columns["target"] = pa.array(targets, pa.int32())
    # Snappy is the one codec that every reader brings along.
    pq.write_table(pa.table(columns), path, compression="snappy")


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
