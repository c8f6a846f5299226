"""Training small nets by back-propagation and Adam, several seeds at once, in plain numpy."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trade_assets.domain.models.rows import Rows

DECAYS = (0.9, 0.999)  # of Adam's two moments

Layer = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Net:
    """Layers of the same net begun from several seeds: weights (seeds, in, out) and biases (seeds, 1, out) of each."""

    layers: list[Layer]

    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        """What enters each layer, and last what comes out, of shape (seeds, rows, 1)."""
        flow = [x[None]]
        for weight, bias in self.layers[:-1]:
            flow.append(np.maximum(flow[-1] @ weight + bias, 0.0))
        weight, bias = self.layers[-1]
        return [*flow, flow[-1] @ weight + bias]

    def gradient(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray, l2: float) -> list[Layer]:
        """Slope of the loss in every weight and bias, by back-propagation.

        The loss is half the weighted mean squared error and half ``l2`` times the squared weights, summed over the
        seeds; biases are not penalised.
        """
        flow = self.forward(x)
        slope = (weight * (flow[-1][..., 0] - y) / len(y))[..., None]
        slopes: list[Layer] = []
        for (w, _), entered in zip(reversed(self.layers), reversed(flow[:-1]), strict=True):
            slopes.append((entered.swapaxes(1, 2) @ slope + l2 * w, slope.sum(axis=1, keepdims=True)))
            if len(slopes) < len(self.layers):
                slope = np.where(entered > 0, slope @ w.swapaxes(1, 2), 0.0)
        return slopes[::-1]


def trained(
    rows: Rows,
    *,
    hidden: tuple[int, ...],
    learning_rate: float,
    batch_rows: int,
    l2: float,
    seed: int,
    n_seeds: int,
) -> Iterator[Net]:
    """The net after each epoch, without end; it is one object, trained on as it is asked for.

    Parameters
    ----------
    rows : Rows
        Features finite and of a spread of about 1; weights > 0.
    hidden : tuple of int
        Units of each hidden layer, rectified.
    learning_rate : float
    batch_rows : int
        Rows of a step. They are drawn once, so every epoch goes through the same batches in the same order.
    l2 : float
        Penalty on the squared weights.
    seed, n_seeds : int
        Where random numbers begin, and how many nets are trained on the same batches.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(rows))
    x, y, weight = rows.x[order], rows.y[order], rows.weight[order]
    weight = weight / weight.mean() if len(weight) else weight
    net = begun(rng, (x.shape[1], *hidden, 1), n_seeds=n_seeds)
    moments = [[np.zeros_like(a) for layer in net.layers for a in layer] for _ in DECAYS]
    step, batches = 0, [slice(first, first + batch_rows) for first in range(0, len(y), batch_rows)]
    while True:
        for batch in batches:
            step += 1
            _descend(net, net.gradient(x[batch], y[batch], weight[batch], l2), moments, step, learning_rate)
        yield net


def begun(rng: np.random.Generator, sizes: tuple[int, ...], *, n_seeds: int) -> Net:
    """Normal weights of variance 2 over what enters (He et al. 2015), no bias; the last layer a tenth of it."""
    layers = []
    for at, (entering, leaving) in enumerate(pairwise(sizes)):
        scale = np.sqrt(2.0 / max(entering, 1)) * (0.1 if at == len(sizes) - 2 else 1.0)
        layers.append((rng.normal(0.0, scale, (n_seeds, entering, leaving)), np.zeros((n_seeds, 1, leaving))))
    return Net(layers)


def _descend(net: Net, slopes: list[Layer], moments: list[list[np.ndarray]], step: int, rate: float) -> None:
    """One step of Adam, in place (Kingma and Ba 2015)."""
    pace = rate * np.sqrt(1 - DECAYS[1] ** step) / (1 - DECAYS[0] ** step)
    values, flat = ([a for layer in layers for a in layer] for layers in (net.layers, slopes))
    for value, slope, first, second in zip(values, flat, *moments, strict=True):
        first += (1 - DECAYS[0]) * (slope - first)
        second += (1 - DECAYS[1]) * (slope * slope - second)
        value -= pace * first / (np.sqrt(second) + 1e-8)
