"""Model files of a person, tried in a process of their own: what is no model can end the process that parses it."""

import multiprocessing
import os

import numpy as np

from trade_assets.domain.models import MODELS


def can_be_read(algorithm: str, text: str, n_features: int) -> bool:
    """Whether a text is a model of a learner that scores rows of so many features."""
    trial = multiprocessing.get_context("spawn").Process(target=_score, args=(algorithm, text, n_features))
    trial.start()
    trial.join()
    return trial.exitcode == 0


def _score(algorithm: str, text: str, n_features: int) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(silence, descriptor)
    MODELS[algorithm].read(text)(np.zeros((1, n_features)))
