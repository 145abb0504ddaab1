"""tritonclient[http]"""

import numpy as np
import tritonclient.http as triton
from cases import case, encoded, ids, labels, near, raised, rows, same, says, scores, slow_row, words
from triton_cases import holds
from tritonclient.utils import InferenceServerException, np_to_triton_dtype


def connect(http, _):
    return triton.InferenceServerClient(http.removeprefix("http://"), concurrency=4)


def tensor(name, values, binary=True):
    made = triton.InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    return made.set_data_from_numpy(values, binary_data=binary)


def floats(values=rows, name="input", binary=True):
    return [tensor(name, values, binary)]


def wanted(binary, *names):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


def refused(status, act, *parts):
    error = raised(InferenceServerException, act)
    same(error.status(), status)
    says(error.message(), *parts)


@case("the server says who it is and what it can")
def _(client):
    said = client.get_server_metadata()
    same(said["name"], "mmsp")
    same({"binary_tensor_data", "model_repository", "statistics"} <= set(said["extensions"]), True)


@case("a model says its versions, inputs and outputs")
def _(client):
    said = client.get_model_metadata("split")
    same([said["name"], said["versions"]], ["split", ["1", "2"]])
    same(said["inputs"], [{"name": "input", "datatype": "FP32", "shape": [-1, 3]}])
    same([output["name"] for output in said["outputs"]], ["label", "probabilities"])
    same(client.get_model_metadata("fraud", "1")["name"], "fraud")


for sent in (True, False):
    for answered in (True, False):
        way = f"{'binary' if sent else 'JSON'} in and {'binary' if answered else 'JSON'} out"

        @case(f"numbers, {way}")
        def _(client, sent=sent, answered=answered):
            holds(client.infer("fraud", floats(binary=sent), outputs=wanted(answered, "label", "probabilities")))

        @case(f"strings and whole numbers, {way}")
        def _(client, sent=sent, answered=answered):
            inputs = [tensor("ids", ids, sent), tensor("words", encoded(words), sent)]
            result = client.infer("text", inputs, outputs=wanted(answered, "doubled", "echo"))
            same(result.as_numpy("doubled").tolist(), (ids * 2).tolist())
            said = [text if isinstance(text, str) else text.decode() for text in result.as_numpy("echo")]
            same(said, words)


@case("inputs in binary and in JSON come together, and so do outputs")
def _(client):
    inputs = [tensor("ids", ids, True), tensor("words", encoded(words), False)]
    result = client.infer("text", inputs, outputs=wanted(True, "echo") + wanted(False, "doubled"))
    same([text.decode() for text in result.as_numpy("echo")], words)
    same(result.as_numpy("doubled").tolist(), (ids * 2).tolist())


@case("all outputs where none are asked for, and only those that are")
def _(client):
    holds(client.infer("fraud", floats()))
    some = client.infer("fraud", floats(), outputs=wanted(True, "probabilities"))
    same([output["name"] for output in some.get_response()["outputs"]], ["probabilities"])
    same(some.as_numpy("label"), None)


@case("an id comes back, and which model and version answered")
def _(client):
    said = client.infer("fraud", floats(), request_id="größer-7").get_response()
    same([said["id"], said["model_name"], said["model_version"]], ["größer-7", "fraud", "1"])


@case("the version that is named answers; where none is, one of those that share the traffic")
def _(client):
    for version in (1, 2):
        result = client.infer("split", floats(), model_version=str(version))
        same(result.get_response()["model_version"], str(version))
        near(result.as_numpy("probabilities"), scores(version))
    either = client.infer("split", floats())
    near(either.as_numpy("probabilities"), scores(int(either.get_response()["model_version"])))


@case("requests at once over several connections")
def _(client):
    running = [client.async_infer("fraud", floats()) for _ in range(20)]
    for one in running:
        same(one.get_result().as_numpy("label").tolist(), labels)


@case("an answer that the client would take compressed")
def _(client):
    holds(client.infer("fraud", floats(), response_compression_algorithm="gzip"))


@case("statistics count what was answered, of each version")
def _(client):
    def count():
        (only,) = client.get_inference_statistics("fraud", "1")["model_stats"]
        return only["inference_count"], only["inference_stats"]["success"]["count"]

    before = count()
    for _ in range(3):
        client.infer("fraud", floats())
    same(count(), tuple(value + 3 for value in before))
    all_of_them = client.get_inference_statistics()["model_stats"]
    same({"fraud", "split", "text"} <= {one["name"] for one in all_of_them}, True)


@case("the repository's index names each version that is served")
def _(client):
    index = [(one["name"], one["version"], one["state"]) for one in client.get_model_repository_index()]
    for name, version in (("fraud", "1"), ("split", "1"), ("split", "2"), ("text", "1")):
        same((name, version, "READY") in index, True)


@case("an unknown model and an unknown version are a 404")
def _(client):
    refused("404", lambda: client.infer("fruad", floats()), "fruad")
    refused("404", lambda: client.infer("fraud", floats(), model_version="9"), "9")
    refused("404", lambda: client.get_model_metadata("fruad"), "fruad")
    refused("404", lambda: client.get_inference_statistics("fruad"), "fruad")


for binary in (True, False):

    @case(f"a wrong shape, datatype, name and output are a 400, {'binary' if binary else 'JSON'}")
    def _(client, binary=binary):
        def infer(**given):
            return lambda: client.infer("fraud", floats(binary=binary, **given))

        refused("400", infer(values=np.ones([1, 4], np.float32)), '"input"', "[-1, 3]")
        refused("400", infer(values=np.ones([1, 3], np.int64)), '"input"', "FP32")
        refused("400", infer(name="inputt"), '"inputt"')
        asked = wanted(binary, "nope")
        refused("400", lambda: client.infer("fraud", floats(binary=binary), outputs=asked), '"nope"')


@case("a model that fails on an input is a 500 that says nothing of the inside")
def _(client):
    failing = floats(np.array([[11, 2, 3]], np.float32))
    refused("500", lambda: client.infer("picky", failing), "version 1 of picky failed on this input")


@case("a compressed request is a 415, and loading a 403: git says what is loaded")
def _(client):
    refused("415", lambda: client.infer("fraud", floats(), request_compression_algorithm="gzip"), "gzip")
    refused("403", lambda: client.load_model("fraud"), "commits")
    refused("403", lambda: client.unload_model("fraud"), "commits")


@case("a deadline that passes is a 504, and the next request is answered")
def _(client):
    slow = floats(slow_row)
    refused("504", lambda: client.infer("slow", slow, headers={"x-mmsp-timeout-ms": "100"}))
    refused("504", lambda: client.infer("slow", slow, timeout=100_000))
    holds(client.infer("fraud", floats()))


@case("a client that stops waiting does not hold up others")
def _(client):
    address = f"{client._client_stub.host}:{client._client_stub.port}"
    with triton.InferenceServerClient(address, network_timeout=0.1) as hasty:
        raised(TimeoutError, lambda: hasty.infer("slow", floats(slow_row)))
    holds(client.infer("fraud", floats()))
