"""How sure the engine's models are, how right they have been, and whether their scores have moved.

Of each session only events decided by its close and outcomes known by its close are looked at.
"""

import numpy as np
import pandas as pd

from trade_assets.domain.allocator.legs import ROLES

MONTH, QUARTER, HALF, YEAR = 21, 63, 126, 252  # sessions
LONGEST = YEAR + QUARTER  # sessions behind a feature of confidence
FEWEST = 20  # events below which a distribution of scores, or their calibration, is not judged
PSI_BINS = 5  # deciles would ask for more events than a quarter has
DRIFTED = 0.25  # population stability index from which scores have drifted
CONFIDENCE = ("mean_p_21", "band_width_21", "calibration_error_126")
DRIFT = ("score_psi", "is_score_drift", "drift_intensity")


def features(
    scores: pd.DataFrame, known: pd.DataFrame, closes: pd.DatetimeIndex, symbols: tuple[str | None, str | None]
) -> pd.DataFrame:
    """Confidence of each leg's models and drift of the scores of both, at each close.

    Parameters
    ----------
    scores : DataFrame
        ``decision_utc, symbol, p, q10, q90`` of the scored events.
    known : DataFrame
        ``label_end_utc, symbol, p, y`` of scored events with a known outcome.
    closes : DatetimeIndex, UTC
        Closes of consecutive sessions, with those of ``LONGEST`` sessions before the first that is wanted, as far
        as the history reaches.
    symbols : the NASDAQ leg and the S&P leg

    Returns
    -------
    DataFrame
        One row a close: ``{leg}_{name}`` for the names of ``CONFIDENCE``, and ``DRIFT``: the population stability index
        of the last quarter's scores against the year before, whether it reaches 0.25, and the *intensity*, that index
        plus what the calibration error rose by over the same windows.
    """
    told: dict[str, np.ndarray] = {}
    for role, symbol in zip(ROLES, symbols, strict=True):
        own = _in_order(scores[scores["symbol"] == symbol], "decision_utc", ["p", "q10", "q90"])
        settled = _in_order(known[known["symbol"] == symbol], "label_end_utc", ["p", "y"])
        month, half = _windows(own, closes, MONTH), _windows(settled, closes, HALF)
        told[f"{role}_mean_p_21"] = _each(month, lambda p, low, high: p.mean(), fewest=1)
        told[f"{role}_band_width_21"] = _each(month, lambda p, low, high: (high - low).mean(), fewest=1)
        told[f"{role}_calibration_error_126"] = _each(half, _miscalibration, fewest=FEWEST)
    every = _in_order(scores, "decision_utc", ["p"])
    settled = _in_order(known, "label_end_utc", ["p", "y"])
    psi = np.array(
        [stability_index(old[0], new[0]) for old, new in zip(_windows(every, closes, YEAR, QUARTER), _windows(every, closes, QUARTER), strict=True)]
    )  # fmt: skip
    now, then = (
        _each(_windows(settled, closes, n, lag), _miscalibration, fewest=FEWEST)
        for n, lag in ((QUARTER, 0), (YEAR, QUARTER))
    )
    told["score_psi"] = psi
    told["is_score_drift"] = np.where(np.isnan(psi), np.nan, psi >= DRIFTED)
    told["drift_intensity"] = psi + np.nan_to_num(np.maximum(now - then, 0.0))
    return pd.DataFrame(told)


def stability_index(old: np.ndarray, new: np.ndarray) -> float:
    """Population stability index of two samples of scores over the fifths of the older; NaN where one is too small.

    ``sum (new - old) ln(new / old)`` over the shares of the bins, each share with half an event added so that an
    empty bin is not infinite. Of two samples of one distribution the index is about ``(bins - 1) (1/n_old + 1/n_new)``
    all the same: that much is taken off, down to 0. Below 0.1 is held for stable, from 0.25 for moved.

    References
    ----------
    Siddiqi, *Credit Risk Scorecards* (2006).
    """
    if min(len(old), len(new)) < FEWEST:
        return float("nan")
    edges = np.quantile(old, np.linspace(0.0, 1.0, PSI_BINS + 1)[1:-1])
    shares = [
        (np.bincount(edges.searchsorted(sample), minlength=PSI_BINS) + 0.5) / (len(sample) + 0.5 * PSI_BINS)
        for sample in (old, new)
    ]
    by_chance = (PSI_BINS - 1) * (1 / len(old) + 1 / len(new))
    return max(float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()) - by_chance, 0.0)


def _miscalibration(p: np.ndarray, y: np.ndarray) -> float:
    return abs(p.mean() - y.mean())


def _in_order(rows: pd.DataFrame, clock: str, names: list[str]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Instants in order, and the columns beside them; ties in an order of their own, whatever the row order."""
    rows = rows.sort_values([clock, "symbol", *names], kind="stable")
    return pd.DatetimeIndex(rows[clock]).as_unit("us").asi8, [rows[name].to_numpy(dtype=float) for name in names]


def _windows(
    rows: tuple[np.ndarray, list[np.ndarray]], closes: pd.DatetimeIndex, n: int, lag: int = 0
) -> list[list[np.ndarray]]:
    """The rows of the ``n`` sessions that end ``lag`` sessions before each close."""
    clock, columns = rows
    ends = clock.searchsorted(closes.as_unit("us").asi8, side="right")
    bounds = np.concatenate([np.zeros(n + lag, dtype=int), ends])
    first, last = bounds[: len(closes)], bounds[n : n + len(closes)]
    return [[column[a:b] for column in columns] for a, b in zip(first, last, strict=True)]


def _each(parts: list[list[np.ndarray]], of, *, fewest: int) -> np.ndarray:
    return np.array([of(*part) if len(part[0]) >= fewest else np.nan for part in parts], dtype=float)
