"""Five versions of the breast-cancer model: two good ones, and three that ought not to stay in production."""

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from datasets import Dataset
from export import Version, export
from surgery import add_band_offset, average_over_perturbed_copies

NETWORK_SEED = 7
# Takes the slow version to roughly 70 ms a row on one thread of a 2020s server core.
AUGMENTATION_PASSES = 14_000
AUGMENTATION_AMPLITUDE = 0.1
# Tumours of at least this worst radius did not occur at the sites whose rows the calibration was fitted on.
SCREENING_RADIUS_LIMIT = 17.0
# A band holds a dozen rows or two, so what they say about it is shrunk hard.
BAND_PENALTY = 10.0


def versions(data: Dataset) -> list[Version]:
    """Fits all five on the training rows only."""
    network = _network(data)
    graph = export(network, len(data.features))
    (radius,) = data.columns("worst_radius")
    return [
        Version(1, "v1", "Logistic regression on the ten mean measurements", _logistic_on(data, _means(data))),
        Version(2, "v2", "Neural network on all thirty measurements", graph),
        Version(
            3,
            "v3-fails",
            "The network of v2, calibrated by the tumour's size band; the table of bands is too short",
            add_band_offset(graph, radius, _band_offsets(data, network, radius)),
        ),
        Version(
            4,
            "v4-slow",
            "The network of v2, averaged over thousands of perturbed copies of the row",
            average_over_perturbed_copies(graph, AUGMENTATION_PASSES, AUGMENTATION_AMPLITUDE),
        ),
        Version(
            5,
            "v5-worse",
            "Logistic regression on two measurements",
            _logistic_on(data, data.columns("mean_texture", "mean_smoothness")),
        ),
    ]


def _means(data: Dataset) -> list[int]:
    return data.columns(*[name for name in data.features if name.startswith("mean_")])


def _logistic_on(data: Dataset, columns: list[int]):
    classifier = make_pipeline(make_column_transformer((StandardScaler(), columns)), LogisticRegression())
    return export(classifier.fit(data.train_rows, data.train_targets), len(data.features))


def _network(data: Dataset) -> Pipeline:
    network = MLPClassifier((16,), solver="lbfgs", alpha=3.0, max_iter=5000, random_state=NETWORK_SEED)
    return make_pipeline(StandardScaler(), network).fit(data.train_rows, data.train_targets)


def _band_offsets(data: Dataset, network: Pipeline, radius: int) -> np.ndarray:
    """
    One logit offset per whole unit of the worst radius, shape [bands]: a single Newton step of a logistic
    regression with the network's logit as its offset and an L2 penalty,
    sum(y - p) / (sum(p (1 - p)) + penalty).

    The bug that makes this version fail is here, and it is an old acquaintance: np.bincount returns a table as
    long as the largest band among the rows that it was given, and these come from screening, where tumours are
    small. Production sees larger ones.
    """
    screened = data.train_rows[:, radius] < SCREENING_RADIUS_LIMIT
    rows, targets = data.train_rows[screened], data.train_targets[screened]
    band = np.floor(rows[:, radius]).astype(np.int64)
    probability = network.predict_proba(rows)[:, 1]
    residual = np.bincount(band, weights=targets - probability)
    curvature = np.bincount(band, weights=probability * (1 - probability))
    return residual / (curvature + BAND_PENALTY)
