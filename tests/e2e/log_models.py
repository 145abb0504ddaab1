"""Logs models to the MLflow server that MLFLOW_TRACKING_URI names, and prints what it logged as one JSON object."""

import json
import logging
import os
import tempfile
import warnings

import mlflow
import mlflow.onnx
import mlflow.sklearn
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
os.environ["MLFLOW_LOGGING_LEVEL"] = "ERROR"


def breast_cancer():
    features, labels = load_breast_cancer(return_X_y=True)
    return features[:, :5].astype(np.float32), labels


def train(strength):
    """A version of `fraud`: its run says how it was trained, and how its accuracy went."""
    features, labels = breast_cancer()
    with mlflow.start_run() as run:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500)).fit(features, labels)
        accuracy = float(model.score(features, labels))
        mlflow.log_params({"C": strength, "solver": "lbfgs", "note": "two\nlines | `code` @everybody"})
        mlflow.log_metric("accuracy", 0.5, step=0)
        mlflow.log_metric("accuracy", accuracy, step=1)
        mlflow.log_metric("loss", float("nan"))
        mlflow.set_tags({"team": "risk", "mlflow.source.git.commit": "0123456789abcdef0123456789abcdef01234567"})
        exported = to_onnx(model, features[:1], options={"zipmap": False}, target_opset=17)
        info = mlflow.onnx.log_model(exported, name="model", registered_model_name="fraud")
        return {"run": run.info.run_id, "accuracy": accuracy, "id": info.model_id}


def wide_model():
    """Large enough for its weights to go into a file beside it, as MLflow's ONNX flavour does above a kilobyte."""
    weights = numpy_helper.from_array(np.arange(5000, dtype=np.float32).reshape(10, 500), "weights")
    shape = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size]) for name, size in (("x", 10), ("y", 500))]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "weights"], ["y"])], "wide", shape[:1], shape[1:], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def log_odd_ones():
    """A run with artifacts that are no ONNX model, two of them, or one without an MLmodel file; and models of that kind."""
    features, labels = breast_cancer()
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        model = LogisticRegression(max_iter=500).fit(features, labels)
        mlflow.sklearn.log_model(model, name="pickled", registered_model_name="pickled")
        exported = to_onnx(model, features[:1], options={"zipmap": False}, target_opset=17)
        for name in ("first.onnx", "second.onnx"):
            onnx.save_model(exported, os.path.join(folder, name))
            mlflow.log_artifact(os.path.join(folder, name), "two")
        mlflow.log_artifact(os.path.join(folder, "first.onnx"), "one")
        mlflow.log_dict({"a": 1}, "notes/notes.json")
        mlflow.onnx.log_model(wide_model(), name="wide", registered_model_name="wide")
        mlflow.onnx.log_model(exported, name="odd", registered_model_name="Odd.Name")
        return run.info.run_id


def main():
    versions = [train(strength) for strength in (0.01, 1.0)]
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("fraud", "champion", "1")
    client.set_registered_model_alias("fraud", "challenger", "2")
    client.set_model_version_tag("fraud", "2", "approved", "yes")
    client.transition_model_version_stage("fraud", "2", "Staging")
    print(json.dumps({"versions": versions, "odd": log_odd_ones()}))


main()
