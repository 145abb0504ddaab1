"""Two edits of an exported neural network's graph. Both hook onto its Scaler and its Sigmoid."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def add_band_offset(model: onnx.ModelProto, column: int, table: np.ndarray) -> onnx.ModelProto:
    """
    Adds `table[floor(features[:, column])]` to the logit.

    Nothing bounds the index, as nothing did in the notebook: a row whose band is beyond the table's end makes
    Gather fail, and with it the whole batch.
    """
    edited = _copy(model)
    graph = edited.graph
    sigmoid = _only(graph, "Sigmoid")
    logit = sigmoid.input[0]
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array([column], dtype=np.int64), "band_column"),
            numpy_helper.from_array(table.astype(np.float32), "band_offsets"),
        ]
    )
    lookup = [
        helper.make_node("Gather", ["features", "band_column"], ["band_value"], "band_value", axis=1),
        helper.make_node("Floor", ["band_value"], ["band_floor"], "band_floor"),
        helper.make_node("Cast", ["band_floor"], ["band"], "band", to=TensorProto.INT64),
        helper.make_node("Gather", ["band_offsets", "band"], ["band_offset"], "band_offset", axis=0),
        helper.make_node("Add", [logit, "band_offset"], ["calibrated_logit"], "calibrated_logit"),
    ]
    sigmoid.input[0] = "calibrated_logit"
    nodes = list(graph.node)
    at = nodes.index(sigmoid)
    return _with_nodes(edited, nodes[:at] + lookup + nodes[at:])


def average_over_perturbed_copies(model: onnx.ModelProto, passes: int, amplitude: float) -> onnx.ModelProto:
    """
    Runs the network `passes` times, each time on a slightly different copy of the scaled row, and averages the
    probabilities (test-time augmentation).

    The perturbation of pass t in feature j is amplitude * sin(t * frequency_j), so that it is the same in every
    run. The cost is one small network after another in a Loop: time grows with `passes`, the file does not.
    """
    edited = _copy(model)
    graph = edited.graph
    scaler, sigmoid = _only(graph, "Scaler"), _only(graph, "Sigmoid")
    scaled, probability = scaler.output[0], sigmoid.output[0]
    width = len(helper.get_node_attr_value(scaler, "scale"))
    nodes = list(graph.node)
    first, last = nodes.index(scaler) + 1, nodes.index(sigmoid)

    network = [_reading(node, scaled, "perturbed") for node in nodes[first : last + 1]]
    network[-1].output[0] = "pass_probability"
    constants = {
        "passes": np.array(passes, dtype=np.int64),
        "go_on": np.array(True),
        "divisor": np.array(passes, dtype=np.float32),
        "amplitude": np.array(amplitude, dtype=np.float32),
        "frequencies": _frequencies(width),
        "one_column": np.array([1], dtype=np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    augmentation = [
        helper.make_node("Shape", [scaled], ["batch_size"], "batch_size", start=0, end=1),
        helper.make_node("Concat", ["batch_size", "one_column"], ["sum_shape"], "sum_shape", axis=0),
        helper.make_node("ConstantOfShape", ["sum_shape"], ["no_sum"], "no_sum"),
        helper.make_node("Loop", ["passes", "go_on", "no_sum"], ["sum"], "augmentation", body=_pass(scaled, network)),
        helper.make_node("Div", ["sum", "divisor"], [probability], "mean"),
    ]
    return _with_nodes(edited, [*nodes[:first], *augmentation, *nodes[last + 1 :]])


def _pass(scaled: str, network: list[onnx.NodeProto]) -> onnx.GraphProto:
    """The Loop's body: perturb the scaled rows, run the network, add its probabilities to the sum so far."""
    perturb = [
        helper.make_node("Identity", ["go_on_in"], ["go_on_out"], "go_on_out"),
        helper.make_node("Cast", ["pass"], ["time"], "time", to=TensorProto.FLOAT),
        helper.make_node("Mul", ["time", "frequencies"], ["phase"], "phase"),
        helper.make_node("Sin", ["phase"], ["wave"], "wave"),
        helper.make_node("Mul", ["wave", "amplitude"], ["perturbation"], "perturbation"),
        helper.make_node("Add", [scaled, "perturbation"], ["perturbed"], "perturbed"),
    ]
    add_up = helper.make_node("Add", ["sum_in", "pass_probability"], ["sum_out"], "sum_out")
    tensor = helper.make_tensor_value_info
    return helper.make_graph(
        [*perturb, *network, add_up],
        "one_pass",
        [
            tensor("pass", TensorProto.INT64, []),
            tensor("go_on_in", TensorProto.BOOL, []),
            tensor("sum_in", TensorProto.FLOAT, ["batch", 1]),
        ],
        [tensor("go_on_out", TensorProto.BOOL, []), tensor("sum_out", TensorProto.FLOAT, ["batch", 1])],
    )


def _frequencies(width: int) -> np.ndarray:
    """Multiples of the golden ratio, modulo a full turn: no two features swing together."""
    golden = (np.sqrt(5) - 1) / 2
    return (2 * np.pi * ((np.arange(1, width + 1) * golden) % 1)).astype(np.float32)


def _reading(node: onnx.NodeProto, old: str, new: str) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [new if name == old else name for name in node.input]
    return copy


def _only(graph: onnx.GraphProto, op_type: str) -> onnx.NodeProto:
    (node,) = [node for node in graph.node if node.op_type == op_type]
    return node


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _with_nodes(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> onnx.ModelProto:
    # The nodes live inside the list that is about to be replaced, so they are copied out of it first.
    graph = onnx.GraphProto()
    graph.node.extend(nodes)
    del model.graph.node[:]
    model.graph.node.extend(graph.node)
    onnx.checker.check_model(model, full_check=True)
    return model
