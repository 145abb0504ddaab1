"""What most teams write to serve a model, one worker: FastAPI, uvicorn and onnxruntime, without an access log."""

import socket
import sys

import numpy
import onnxruntime
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
app = FastAPI()


class PredictRequest(BaseModel):
    instances: list[list[float]]


@app.post("/predict")
async def predict(request: PredictRequest):
    rows = numpy.asarray(request.instances, dtype=numpy.float32)
    label, probabilities = session.run(["label", "probabilities"], {"input": rows})
    return {
        "predictions": [
            {"label": int(a), "probabilities": b.tolist()} for a, b in zip(label, probabilities, strict=True)
        ]
    }


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run(sockets=[listener])
