"""What the models of the rebalance before say of each event, and whether it may be traded.

The score is the given formula: ``ev_final = w ev_struct + (1 - w) ev_ml``. ``ev_struct`` multiplies the chance of
a positive *net* return with *gross* barriers and takes the cost off again, so the ``k`` of the gate is a margin of
safety, not a cost. With the label ``target`` the probability is that of the profit barrier, which is what the
formula means.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.events import models
from trade_assets.domain.models import calibration, quantiles

KEYS = ["rebalance_date", "decision_utc", "symbol", "side"]


@dataclass(frozen=True)
class Gates:
    """Least score in round-trip costs, least target in round-trip costs, and the factor on the first for an overnight entry."""

    k: float
    phi: float
    overnight_multiplier: float


def scored(
    events: pd.DataFrame,
    features: pd.DataFrame,
    fits: pd.DataFrame,
    text_of: Callable[[str], str],
    gates: Gates,
    *,
    classifier: str,
    regressor: str,
) -> pd.DataFrame:
    """Rows of ``event_scores`` for the events of one rebalance date.

    Parameters
    ----------
    events, features : DataFrame
        Rows of ``events``, and :func:`~trade_assets.domain.events.models.features_of` the same events in the same order.
    fits : DataFrame
        Rows of ``calibrated_models`` of the rebalance before.
    text_of : callable
        Artifact address to model text.
    gates : Gates
    classifier, regressor : str
        The models whose forecasts make the score.

    Returns
    -------
    DataFrame
        Empty where there is no event or no model.
    """
    x, by_name = models.x_of(features), fits.set_index("model")
    probability = {name: _probability(by_name.loc[name], text_of, x) for name in models.CLASSIFIERS}
    expected = {name: models.read(text_of(by_name.at[name, "artifact_sha256"]))(x) for name in models.REGRESSORS}
    readers = [models.read(text_of(by_name.at[name, "artifact_sha256"])) for name in models.QUANTILE_MODELS]
    bands, crossed = quantiles.predict_from(readers, x)
    w = float(by_name["w_struct"].iloc[0])
    own = decided(events, probability[classifier][1], expected[regressor], w, gates)
    told = {f"raw_p_{name}": raw for name, (raw, _) in probability.items()}
    told |= {f"p_{name}": calibrated for name, (_, calibrated) in probability.items()}
    told |= {f"ev_{name}": values for name, values in expected.items()}
    told |= {name.replace("quantile_", "q"): bands[:, i] for i, name in enumerate(models.QUANTILE_MODELS)}
    return own.assign(
        retrain_date=by_name["retrain_date"].iloc[0],
        **told,
        quantiles_crossed=crossed,
        mock_score=expected["ridge"],
        passes_mock=expected["ridge"] >= np.nan_to_num(by_name["mock_threshold"].iloc[0], nan=np.inf),
    )


def decided(events: pd.DataFrame, p: np.ndarray, ev_ml: np.ndarray, w: float, gates: Gates) -> pd.DataFrame:
    """The score of each event and the gates it passes (R-056 to R-062).

    Parameters
    ----------
    events : DataFrame
        Rows of ``events``.
    p, ev_ml : ndarrays of shape (events,)
        Calibrated probability and expected net log return.
    w : float, in [0, 1]
        Weight of ``ev_struct``.
    gates : Gates
    """
    ev_struct = models.struct_score(p, events)
    ev_final = w * ev_struct + (1 - w) * ev_ml
    margin = np.where(events["entry_overnight"], gates.overnight_multiplier, 1.0)
    hurdle = gates.k * margin * events["cost_rt"].to_numpy()
    return pd.DataFrame(
        {
            **{name: events[name].array for name in KEYS},
            "p": p,
            "ev_struct": ev_struct,
            "ev_ml": ev_ml,
            "w_struct": w,
            "ev_final": ev_final,
            "hurdle": hurdle,
            "passes_ev": ev_final > hurdle,
            "passes_tp_to_cost": events["tp_to_cost"].to_numpy() >= gates.phi,
        }
    )


def unscored(events: pd.DataFrame) -> pd.DataFrame:
    """The table of :func:`decided` and the baseline's columns, without a row."""
    none = decided(events.iloc[:0], np.zeros(0), np.zeros(0), 0.5, Gates(0.0, 0.0, 1.0))
    return none.assign(mock_score=np.zeros(0), passes_mock=np.zeros(0, dtype=bool))


def _probability(fit: pd.Series, text_of: Callable[[str], str], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    raw = models.read(text_of(fit["artifact_sha256"]))(x)
    return raw, calibration.read_calibrator(text_of(fit["calibrator_sha256"]))(raw)


def contributions(fits: pd.DataFrame) -> pd.DataFrame:
    """``feature, mean_abs_log_odds`` of the boosted classifier, largest first; empty where none was fitted."""
    told = fits[(fits["model"] == "lightgbm") & fits["contributions"].notna()].sort_values("rebalance_date")
    values = json.loads(told["contributions"].iloc[-1]) if len(told) else {}
    table = pd.DataFrame({"feature": list(values), "mean_abs_log_odds": list(values.values())})
    return table.sort_values(["mean_abs_log_odds", "feature"], ascending=[False, True], ignore_index=True)
