"""A python-based backend of Triton, `onnxruntime`: what no wheel of PyPI brings along. One thread, one answer a request."""

import json
import os
import sys

# Triton starts Python isolated: what PYTHONPATH says is not heard. Where the packages are stands beside this file.
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "site-packages.txt"), encoding="utf-8") as file:
    sys.path.insert(0, file.read().strip())

import numpy
import onnxruntime
import triton_python_backend_utils as pb_utils


def of_onnx(array):
    """Strings travel as bytes, which need not be text: a character for each byte carries them through ONNX Runtime's Python."""
    if array.dtype != object and array.dtype.kind != "U":
        return array
    return numpy.array([item.encode("latin-1") for item in array.flat], dtype=object).reshape(array.shape)


def of_triton(array):
    if array.dtype != object:
        return array
    return numpy.array([item.decode("latin-1") for item in array.flat], dtype=object).reshape(array.shape)


class TritonPythonModel:
    def initialize(self, args):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        folder = os.path.join(args["model_repository"], args["model_version"])
        self.session = onnxruntime.InferenceSession(
            os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        config = json.loads(args["model_config"])
        self.inputs = [entry["name"] for entry in config["input"]]
        self.outputs = [entry["name"] for entry in config["output"]]

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        try:
            feeds = {name: of_triton(pb_utils.get_input_tensor_by_name(request, name).as_numpy()) for name in self.inputs}
            values = self.session.run(self.outputs, feeds)
        except Exception as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
        wanted = set(request.requested_output_names())
        pairs = zip(self.outputs, values)
        tensors = [pb_utils.Tensor(name, of_onnx(value)) for name, value in pairs if name in wanted]
        return pb_utils.InferenceResponse(output_tensors=tensors)
