"""The rows a model is fitted on or judged by."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rows:
    """Features, target and weight of the same rows.

    Attributes
    ----------
    x : ndarray of shape (rows, features), float64, NaN where a feature is absent
    y, weight : ndarrays of shape (rows,)
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.y)
