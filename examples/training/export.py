"""From a fitted scikit-learn classifier to ONNX, with the one signature that all versions of a model share."""

from dataclasses import dataclass

import onnx
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

# Old enough for every runtime of the last years; the newest one to ask for would be 21.
TARGET_OPSET = {"": 17, "ai.onnx.ml": 3}


@dataclass(frozen=True)
class Version:
    """One version of a model: its number, its folder, a sentence about it, and the graph."""

    number: int
    folder: str
    description: str
    graph: onnx.ModelProto


def export(classifier, feature_count: int) -> onnx.ModelProto:
    """
    `features` FLOAT [batch, n] -> `label` INT64 [batch], `probabilities` FLOAT [batch, classes].

    zipmap is off: it would turn the probabilities into a sequence of maps, which is no tensor.
    """
    model = to_onnx(
        classifier,
        initial_types=[("features", FloatTensorType([None, feature_count]))],
        options={"zipmap": False},
        target_opset=TARGET_OPSET,
    )
    model.graph.name = "classifier"
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(model, full_check=True)
    return model
