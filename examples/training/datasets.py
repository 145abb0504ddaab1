"""The two bundled data sets, split once and for all into training and held-out rows."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.model_selection import train_test_split

SPLIT_SEED = 2026
HELDOUT_SHARE = 0.4


@dataclass(frozen=True)
class Dataset:
    """Rows are float64 of shape [n, features]; targets are class numbers from 0, of shape [n]."""

    model: str
    features: list[str]
    train_rows: np.ndarray
    train_targets: np.ndarray
    heldout_rows: np.ndarray
    heldout_targets: np.ndarray

    def columns(self, *names: str) -> list[int]:
        """The positions of the named features in the feature order."""
        return [self.features.index(name) for name in names]


def breast_cancer() -> Dataset:
    """Class 0 is malignant, class 1 benign, as in scikit-learn."""
    return _split("breast-cancer", load_breast_cancer)


def wine() -> Dataset:
    """Classes 0, 1 and 2 are three cultivars."""
    return _split("wine", load_wine)


def _split(model: str, load: Callable) -> Dataset:
    bundle = load()
    train_rows, heldout_rows, train_targets, heldout_targets = train_test_split(
        bundle.data, bundle.target, test_size=HELDOUT_SHARE, random_state=SPLIT_SEED, stratify=bundle.target
    )
    features = [_snake_case(name) for name in bundle.feature_names]
    return Dataset(model, features, train_rows, train_targets, heldout_rows, heldout_targets)


def _snake_case(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
