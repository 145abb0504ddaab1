"""kserve's InferenceRESTClient, by both of its protocols."""

import asyncio
from contextlib import contextmanager

import httpx
from cases import case, encoded, ids, labels, near, raised, rows, same, says, scores, words
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from kserve.protocol.rest import v2_datamodels as described


class Clients:
    """Both protocols at one address, called from code that does not wait by itself."""

    def __init__(self, http, grpc, runner):
        self.http, self.grpc, self.runner = http, grpc, runner
        self.v1, self.v2 = (InferenceRESTClient(RESTConfig(protocol=name, retries=0)) for name in ("v1", "v2"))

    def predict(self, model, body):
        return self.runner.run(self.v1.infer(self.http, body, model_name=model))

    def infer(self, model, inputs, **given):
        request = InferRequest(model, inputs, **given)
        return self.runner.run(self.v2.infer(self.http, request, model_name=model))

    def ask(self, protocol, method, *args):
        return self.runner.run(getattr(protocol, method)(self.http, *args))


@contextmanager
def connect(http, grpc):
    with asyncio.Runner() as runner:
        clients = Clients(http, grpc, runner)
        yield clients
        for client in (clients.v1, clients.v2):
            runner.run(client.close())


def tensor(name, values, datatype, binary):
    made = InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def floats(binary, values=rows):
    return [tensor("input", values, "FP32", binary)]


def outputs(response):
    return {output.name: output.as_numpy() for output in response.outputs}


def refused(status, act, *parts):
    error = raised(httpx.HTTPStatusError, act)
    same(error.response.status_code, status)
    says(error.response.json()["error"], *parts)


@case("the server is live and ready, by v2")
def _(clients):
    same(clients.ask(clients.v2, "is_server_live"), True)
    same(clients.ask(clients.v2, "is_server_ready"), True)


@case("the server is live, by v1")
def _(clients):
    same(clients.ask(clients.v1, "is_server_live"), True)


@case("a model is ready, by v1 and v2")
def _(clients):
    for protocol in (clients.v1, clients.v2):
        same(clients.ask(protocol, "is_model_ready", "fraud"), True)


@case("what is not served is not ready: False by v2, a 404 by v1")
def _(clients):
    same(clients.ask(clients.v2, "is_model_ready", "fruad"), False)
    refused(404, lambda: clients.ask(clients.v1, "is_model_ready", "fruad"), "fruad")


@case("v1 predicts rows")
def _(clients):
    same(clients.predict("fraud", {"instances": rows.tolist()})["predictions"], labels)


@case("v1 predicts rows of named inputs, strings among them")
def _(clients):
    instances = [{"ids": int(number), "words": word} for number, word in zip(ids, words)]
    expected = [{"doubled": int(number) * 2, "echo": word} for number, word in zip(ids, words)]
    same(clients.predict("text", {"instances": instances})["predictions"], expected)


for binary in (True, False):
    way = "binary" if binary else "JSON"

    @case(f"v2 infers numbers, {way} in, and an id comes back")
    def _(clients, binary=binary):
        response = clients.infer("fraud", floats(binary), request_id="seven")
        # It does not keep the version of a reply.
        same([response.id, response.model_name], ["seven", "fraud"])
        said = outputs(response)
        same(said["label"].tolist(), labels)
        near(said["probabilities"].reshape(2, 2), scores())

    @case(f"v2 infers strings and whole numbers, {way} in and out")
    def _(clients, binary=binary):
        inputs = [tensor("ids", ids, "INT64", binary), tensor("words", encoded(words), "BYTES", binary)]
        said = outputs(clients.infer("text", inputs, parameters={"binary_data_output": binary}))
        same(said["doubled"].tolist(), (ids * 2).tolist())
        same([text if isinstance(text, str) else text.decode() for text in said["echo"]], words)


@case("v2 infers only the outputs that are asked for")
def _(clients):
    asked = [RequestedOutput("probabilities", {"binary_data": True})]
    same(list(outputs(clients.infer("fraud", floats(True), request_outputs=asked))), ["probabilities"])


@case("an unknown model is a 404, by v1 and v2")
def _(clients):
    refused(404, lambda: clients.predict("fruad", {"instances": rows.tolist()}), "fruad")
    refused(404, lambda: clients.infer("fruad", floats(True)), "fruad")


@case("a wrong shape and datatype are a 400, by v1 and v2")
def _(clients):
    refused(400, lambda: clients.infer("fraud", floats(True, rows[:, :2])), '"input"', "[-1, 3]")
    wrong = [tensor("input", rows.astype("int64"), "INT64", False)]
    refused(400, lambda: clients.infer("fraud", wrong), '"input"', "FP32")
    refused(400, lambda: clients.predict("fraud", {"instances": [[1, 2]]}))
    refused(400, lambda: clients.predict("fraud", {"instances": [[1, 2, "x"]]}))


@case("a model that fails on an input is a 500 that says nothing of the inside")
def _(clients):
    refused(500, lambda: clients.predict("picky", {"instances": [[11, 2, 3]]}), "version 1 of picky failed")


@case("replies are what kserve's own server describes, by v2")
def _(clients):
    def reply(path, **given):
        response = (httpx.post if given else httpx.get)(f"{clients.http}/v2{path}", **given)
        same(response.status_code, 200)
        return response.json()

    described.ServerMetadataResponse.model_validate(reply(""))
    described.ServerLiveResponse.model_validate(reply("/health/live"))
    described.ServerReadyResponse.model_validate(reply("/health/ready"))
    for model in ("/models/fraud", "/models/text", "/models/split/versions/2"):
        described.ModelMetadataResponse.model_validate(reply(model))
        described.ModelReadyResponse.model_validate(reply(f"{model}/ready"))
    asked = {"id": "seven", "inputs": [{"name": "input", "shape": [2, 3], "datatype": "FP32", "data": rows.tolist()}]}
    described.InferenceRequest.model_validate(asked)
    said = described.InferenceResponse.model_validate(reply("/models/fraud/infer", json=asked))
    same([said.id, said.model_name, said.model_version], ["seven", "fraud", "1"])


@case("its client of gRPC gets the same answers")
def _(clients):
    async def ask():
        async with InferenceGRPCClient(clients.grpc) as client:
            ready = await client.is_server_ready(), await client.is_model_ready("fraud")
            return ready, await client.infer(InferRequest("fraud", floats(True)))

    ready, response = clients.runner.run(ask())
    same(ready, (True, True))
    near(outputs(response)["probabilities"].reshape(2, 2), scores())
