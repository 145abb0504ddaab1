"""A model for Triton's Python backend that answers `out` with what came `in`, whatever its type: numpy has no bfloat16."""

import importlib.util
import os
import sys

# What the backend's own helpers need stands beside the other backend.
helpers = importlib.util.find_spec("triton_python_backend_utils").origin
with open(os.path.join(os.path.dirname(helpers), "../onnxruntime/site-packages.txt"), encoding="utf-8") as file:
    sys.path.insert(0, file.read().strip())

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        given = pb_utils.get_input_tensor_by_name(request, "in")
        return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor.from_dlpack("out", given.to_dlpack())])
