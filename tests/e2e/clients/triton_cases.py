"""What tritonclient says the same over HTTP and gRPC."""

from cases import case, labels, near, same, scores


def holds(result, version=1):
    same(result.as_numpy("label").tolist(), labels)
    near(result.as_numpy("probabilities"), scores(version))


@case("the server and its models are live and ready")
def _(client):
    same(client.is_server_live(), True)
    same(client.is_server_ready(), True)
    same(client.is_model_ready("fraud"), True)
    same(client.is_model_ready("split", "2"), True)


@case("what is not served is not ready")
def _(client):
    same(client.is_model_ready("fruad"), False)
    same(client.is_model_ready("fraud", "9"), False)
