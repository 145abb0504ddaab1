"""What the cases of all clients share: the rows that are asked about, and what must come of them."""

import numpy as np

rows = np.array([[1, 2, 3], [3, 2, 1]], dtype=np.float32)
labels = [1, 0]
ids = np.array([1, -2, 2**40], dtype=np.int64)
# One is empty, one longer in bytes than in characters.
words = ["", "größer", "x" * 300]
# The model `slow` makes as many rounds as the first feature says: more than a tenth of a second.
slow_row = np.array([[5_000, 0, 0]], dtype=np.float32)

# Names with what they stand for, in the order of the text.
cases = []


def case(name):
    def note(act):
        cases.append((name, act))
        return act

    return note


def scores(version=1):
    """What a version of the linear models says of `rows`: each likes the second class more than the one before."""
    powers = np.exp(rows[:, :2] + np.array([0, version]))
    return powers / powers.sum(axis=1, keepdims=True)


def encoded(texts):
    return np.array([text.encode() for text in texts], dtype=np.object_)


def near(given, expected):
    np.testing.assert_allclose(np.asarray(given, dtype=np.float64), expected, atol=1e-5)


def same(given, expected):
    assert given == expected, f"{given!r} is not {expected!r}"


def raised(kind, act):
    """The error of that kind that `act` ends in."""
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"nothing was raised, not {kind.__name__}")


def says(text, *parts):
    """All of the parts, and nothing of the inside."""
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"
    for inside in ("Traceback", "/home/", "/tmp/", "onnxruntime", "node_modules", ".ts:"):
        assert inside not in text, f"{inside!r} is in {text!r}"
