"""What a version does on rows that it was not trained on, measured on the ONNX file itself with onnxruntime."""

from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

RUN_TIME_ERRORS = (Fail, InvalidArgument, RuntimeException)
QUIET = 4


@dataclass(frozen=True)
class Evaluation:
    """`metrics` are over the rows that were answered; `failing_rows` are the indices of those that were not."""

    metrics: dict[str, float]
    failing_rows: list[int]


def evaluate(onnx_bytes: bytes, rows: np.ndarray, targets: np.ndarray) -> Evaluation:
    """Rows of shape [n, features] are cast to float32, as the gateway does with the numbers of a request."""
    session = _session(onnx_bytes)
    rows = rows.astype(np.float32)
    failing = _failing_rows(session, rows)
    answered = np.setdiff1d(np.arange(len(rows)), failing)
    labels, probabilities = session.run(["label", "probabilities"], {"features": rows[answered]})
    return Evaluation(_metrics(targets[answered], labels, probabilities.astype(np.float64)), failing)


def _session(onnx_bytes: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = QUIET
    return onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])


def _failing_rows(session: onnxruntime.InferenceSession, rows: np.ndarray) -> list[int]:
    # A batch fails if any of its rows does, so a batch that is answered saves asking row by row.
    if _answers(session, rows):
        return []
    return [index for index in range(len(rows)) if not _answers(session, rows[index : index + 1])]


def _answers(session: onnxruntime.InferenceSession, rows: np.ndarray) -> bool:
    try:
        session.run(None, {"features": rows})
    except RUN_TIME_ERRORS:
        return False
    return True


def _metrics(targets: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    scores = probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities
    metrics = {
        "accuracy": accuracy_score(targets, labels),
        "roc_auc": roc_auc_score(targets, scores, multi_class="ovr"),
        "log_loss": log_loss(targets, probabilities),
    }
    # Ten digits: more would record rounding noise of the processor that this ran on.
    return {name: round(float(value), 10) for name, value in metrics.items()}
