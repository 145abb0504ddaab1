"""tritonclient[grpc]"""

import queue

import numpy as np
import tritonclient.grpc as triton
from cases import case, encoded, ids, near, raised, rows, same, says, scores, slow_row, words
from triton_cases import holds
from tritonclient.utils import InferenceServerException, np_to_triton_dtype


def connect(_, grpc):
    return triton.InferenceServerClient(grpc)


def tensor(name, values):
    return triton.InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype)).set_data_from_numpy(values)


def floats(values=rows, name="input"):
    return [tensor(name, values)]


def wanted(*names):
    return [triton.InferRequestedOutput(name) for name in names]


def refused(status, act, *parts):
    error = raised(InferenceServerException, act)
    same(error.status(), f"StatusCode.{status}")
    says(error.message(), *parts)


@case("the server says who it is")
def _(client):
    same(client.get_server_metadata().name, "mmsp")


@case("a model says its versions, inputs and outputs")
def _(client):
    said = client.get_model_metadata("split", as_json=True)
    same([said["name"], said["versions"]], ["split", ["1", "2"]])
    same(said["inputs"], [{"name": "input", "datatype": "FP32", "shape": ["-1", "3"]}])
    same([output["name"] for output in said["outputs"]], ["label", "probabilities"])
    same(client.get_model_metadata("fraud", "1").name, "fraud")


@case("numbers, as raw contents both ways")
def _(client):
    result = client.infer("fraud", floats())
    holds(result)
    same(len(result.get_response().raw_output_contents), 2)


@case("strings and whole numbers, as raw contents both ways")
def _(client):
    result = client.infer("text", [tensor("ids", ids), tensor("words", encoded(words))])
    same(result.as_numpy("doubled").tolist(), (ids * 2).tolist())
    same([text.decode() for text in result.as_numpy("echo")], words)


@case("only the outputs that are asked for")
def _(client):
    some = client.infer("fraud", floats(), outputs=wanted("probabilities"))
    same([output.name for output in some.get_response().outputs], ["probabilities"])
    near(some.as_numpy("probabilities"), scores())


@case("an id comes back, and which model and version answered")
def _(client):
    said = client.infer("fraud", floats(), request_id="größer-7").get_response()
    same([said.id, said.model_name, said.model_version], ["größer-7", "fraud", "1"])


@case("the version that is named answers; where none is, one of those that share the traffic")
def _(client):
    for version in (1, 2):
        result = client.infer("split", floats(), model_version=str(version))
        same(result.get_response().model_version, str(version))
        near(result.as_numpy("probabilities"), scores(version))
    either = client.infer("split", floats())
    near(either.as_numpy("probabilities"), scores(int(either.get_response().model_version)))


@case("calls at once over one connection")
def _(client):
    done = queue.Queue()
    for _ in range(50):
        client.async_infer("fraud", floats(), callback=lambda result, error: done.put((result, error)))
    for _ in range(50):
        result, error = done.get(timeout=20)
        same(error, None)
        holds(result)


@case("statistics count what was answered, of each version")
def _(client):
    def count():
        (only,) = client.get_inference_statistics("fraud", "1").model_stats
        return only.inference_count, only.inference_stats.success.count

    before = count()
    for _ in range(3):
        client.infer("fraud", floats())
    same(count(), tuple(value + 3 for value in before))
    same({"fraud", "split", "text"} <= {one.name for one in client.get_inference_statistics().model_stats}, True)


@case("the repository's index names each version that is served")
def _(client):
    index = [(one.name, one.version, one.state) for one in client.get_model_repository_index().models]
    for name, version in (("fraud", "1"), ("split", "1"), ("split", "2"), ("text", "1")):
        same((name, version, "READY") in index, True)


@case("compressed messages")
def _(client):
    for algorithm in ("gzip", "deflate"):
        holds(client.infer("fraud", floats(), compression_algorithm=algorithm))


@case("a client timeout that is long enough")
def _(client):
    holds(client.infer("fraud", floats(), client_timeout=20))


@case("a client timeout that passes is DEADLINE_EXCEEDED, and the next call is answered")
def _(client):
    refused("DEADLINE_EXCEEDED", lambda: client.infer("slow", floats(slow_row), client_timeout=0.1))
    holds(client.infer("fraud", floats()))


@case("the gateway's own deadline is DEADLINE_EXCEEDED as well")
def _(client):
    hurried = {"x-mmsp-timeout-ms": "100"}
    refused("DEADLINE_EXCEEDED", lambda: client.infer("slow", floats(slow_row), headers=hurried), "slow")
    refused("DEADLINE_EXCEEDED", lambda: client.infer("slow", floats(slow_row), timeout=100_000), "slow")


@case("an unknown model and an unknown version are NOT_FOUND")
def _(client):
    refused("NOT_FOUND", lambda: client.infer("fruad", floats()), "fruad")
    refused("NOT_FOUND", lambda: client.infer("fraud", floats(), model_version="9"), "9")
    refused("NOT_FOUND", lambda: client.get_model_metadata("fruad"), "fruad")


@case("a wrong shape, datatype, name and output are INVALID_ARGUMENT")
def _(client):
    def infer(**given):
        return lambda: client.infer("fraud", floats(**given))

    refused("INVALID_ARGUMENT", infer(values=np.ones([1, 4], np.float32)), '"input"', "[-1, 3]")
    refused("INVALID_ARGUMENT", infer(values=np.ones([1, 3], np.int64)), '"input"', "FP32")
    refused("INVALID_ARGUMENT", infer(name="inputt"), '"inputt"')
    refused("INVALID_ARGUMENT", lambda: client.infer("fraud", floats(), outputs=wanted("nope")), '"nope"')


@case("a model that fails on an input is INTERNAL, and says nothing of the inside")
def _(client):
    failing = floats(np.array([[11, 2, 3]], np.float32))
    refused("INTERNAL", lambda: client.infer("picky", failing), "version 1 of picky failed on this input")


@case("what is not answered over gRPC is UNIMPLEMENTED")
def _(client):
    refused("UNIMPLEMENTED", lambda: client.get_model_config("fraud"))
    refused("UNIMPLEMENTED", lambda: client.load_model("fraud"))
