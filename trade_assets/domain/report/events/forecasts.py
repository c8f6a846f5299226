"""How good the forecasts were on events decided after the models were fitted: edge, calibration, ranks, bands."""

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from trade_assets.domain.events import record
from trade_assets.domain.events import scores as scores_domain
from trade_assets.domain.models import calibration
from trade_assets.domain.report.events import evidence
from trade_assets.domain.report.events.evidence import Estimate
from trade_assets.domain.report.events.tables import KEYS, EventTables, Terms

BUCKETS = 5
LIMITS = ("n", "mean_bps", "low_bps", "high_bps")


def judged(tables: EventTables, terms: Terms) -> pd.DataFrame:
    """Events scored before they happened whose outcome is known; ``outcome`` is what p is the chance of.

    Adds ``month`` (of the decision, the unit of evidence) and ``is_gated``.
    """
    rows = record.judged(tables.event_scores, tables.event_outcomes, tables.event_bands)
    hit = (rows["barrier"] == "profit").astype(float) if terms.probability == "target" else rows["y"]
    return rows.assign(
        outcome=hit, month=months(rows["decision_utc"]), is_gated=rows["passes_ev"] & rows["passes_tp_to_cost"]
    ).sort_values(KEYS, ignore_index=True)


def months(decided: pd.Series) -> np.ndarray:
    """Calendar month of each decision, as a number."""
    return (12 * decided.dt.year + decided.dt.month).to_numpy()


def limits(estimate: Estimate) -> dict[str, float]:
    """An estimate of log returns in basis points."""
    return dict(zip(LIMITS, (estimate.n, 1e4 * estimate.mean, 1e4 * estimate.low, 1e4 * estimate.high), strict=True))


def edge(rows: pd.DataFrame) -> Estimate:
    """Mean net log return of events, with its error by month."""
    return evidence.mean_of(rows["net_logret"].to_numpy(), months(rows["decision_utc"]))


def funnel(tables: EventTables, known: pd.DataFrame) -> pd.DataFrame:
    """From event to entry: ``stage, n_all`` (events) and, of those with a known outcome, ``n`` and the mean with its interval."""
    entered = tables.event_trades.loc[tables.event_trades["action"] == "enter", KEYS]
    passes = tables.event_scores[tables.event_scores["passes_ev"] & tables.event_scores["passes_tp_to_cost"]]
    stages = [
        ("Events", len(tables.events), tables.event_outcomes),
        ("With a model before them", len(tables.event_scores), known),
        ("Refused by the gates", len(tables.event_scores) - len(passes), known[~known["is_gated"]]),
        ("Through the gates", len(passes), known[known["is_gated"]]),
        ("Entered", len(entered), known.merge(entered, on=KEYS, validate="one_to_one")),
    ]
    return pd.DataFrame([{"stage": stage, "n_all": n} | limits(edge(rows)) for stage, n, rows in stages])


def gate_gain(known: pd.DataFrame) -> Estimate:
    """Mean net log return of the gated events less that of the refused ones."""
    return evidence.difference_of(
        known["net_logret"].to_numpy(), known["is_gated"].to_numpy(dtype=bool), known["month"].to_numpy()
    )


def buckets(known: pd.DataFrame) -> pd.DataFrame:
    """Fifths of the score, lowest first: ``bucket, score_bps, share_positive`` and what followed; empty below 50 events."""
    columns = ["bucket", "score_bps", "share_positive", *LIMITS]
    if len(known) < 10 * BUCKETS:
        return pd.DataFrame(columns=columns)
    fifth = np.minimum(known["ev_final"].rank(method="first").to_numpy() * BUCKETS // (len(known) + 1), BUCKETS - 1)
    parts = [
        {"bucket": int(place) + 1, "score_bps": 1e4 * rows["ev_final"].mean(), "share_positive": rows["y"].mean()}
        | limits(edge(rows))
        for place, rows in known.groupby(fifth)
    ]
    return pd.DataFrame(parts, columns=columns)


def rank_correlation(known: pd.DataFrame) -> float:
    """Spearman correlation of score and net return; NaN below three events."""
    return float(known["ev_final"].corr(known["net_logret"], method="spearman")) if len(known) > 2 else float("nan")


def probabilities(known: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """Brier score and calibration error out of sample, before and after calibration, beside two constants.

    ``model, kind, is_used, n, mean_p, brier, ece`` and ``worse_by, worse_low, worse_high``: the mean Brier score less
    that of always saying the share of ones, in hindsight, with its 95 % interval by month.
    """
    if not len(known):
        return pd.DataFrame()
    y = known["outcome"].to_numpy(dtype=float)
    base = np.full(len(y), y.mean())
    said = [
        (name, kind, terms.classifier == name and kind == "calibrated", known[column].to_numpy(dtype=float))
        for name in ("lightgbm", "logistic")
        for kind, column in (("raw", f"raw_p_{name}"), ("calibrated", f"p_{name}"))
    ]
    constants = [
        ("always 50 %", "constant", False, np.full(len(y), 0.5)),
        ("always the share of ones, in hindsight", "constant", False, base),
    ]
    rows = []
    for model, kind, is_used, p in [*said, *constants]:
        worse = evidence.mean_of((p - y) ** 2 - (base - y) ** 2, known["month"].to_numpy())
        rows.append(
            {
                "model": model, "kind": kind, "is_used": is_used, "n": len(y), "mean_p": float(p.mean()),
                "brier": calibration.brier_score(p, y), "ece": calibration.expected_calibration_error(p, y, bins=record.BINS),
                "worse_by": worse.mean, "worse_low": worse.low, "worse_high": worse.high,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def reliability(known: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """Bins of the probability in use, ``kind`` raw and calibrated: ``kind, bin, n, mean_p, mean_y, low, high``.

    ``low`` and ``high`` are Wilson's 95 % interval, as if events were independent; they are not, so it is too narrow.
    """
    y = known["outcome"].to_numpy(dtype=float)
    parts = []
    for kind, column in (("calibrated", "p"), ("raw", f"raw_p_{terms.classifier}")):
        bins = calibration.reliability_bins(known[column].to_numpy(dtype=float), y, bins=record.BINS)
        low, high = _wilson(bins["mean_y"].to_numpy(), bins["n"].to_numpy())
        parts.append(bins.assign(kind=kind, low=low, high=high))
    return pd.concat(parts, ignore_index=True)


def _wilson(share: np.ndarray, n: np.ndarray, z: float = 1.959964) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - reach, middle + reach


def coverage(known: pd.DataFrame) -> pd.DataFrame:
    """Share of outcomes inside the bands, whole and by year: ``span, n, band, low, high, quantiles, width_bps``."""
    spans = [("All", known), *((str(year), rows) for year, rows in known.groupby(known["label_end_utc"].dt.year))]
    parts = []
    for span, rows in spans if len(known) else []:
        inside = evidence.mean_of(
            rows["net_logret"].between(rows["low"], rows["high"]).to_numpy(dtype=float), rows["month"].to_numpy()
        )
        parts.append(
            {
                "span": span, "n": len(rows), "band": inside.mean, "low": max(inside.low, 0.0), "high": min(inside.high, 1.0),
                "quantiles": float(rows["net_logret"].between(rows["q10"], rows["q90"]).mean()),
                "width_bps": 1e4 * float((rows["high"] - rows["low"]).mean()),
            }
        )  # fmt: skip
    return pd.DataFrame(parts)


def contributions(tables: EventTables) -> pd.DataFrame:
    """See :func:`trade_assets.domain.events.scores.contributions`, with ``share`` of the sum."""
    table = scores_domain.contributions(tables.calibrated_models)
    return table.assign(share=table["mean_abs_log_odds"] / table["mean_abs_log_odds"].sum() if len(table) else 0.0)


def models_in_force(tables: EventTables) -> pd.DataFrame:
    """Newest rows of ``calibrated_models``, by name."""
    rows = tables.calibrated_models
    return rows[rows["rebalance_date"] == rows["rebalance_date"].max()].sort_values("model", ignore_index=True)


def parameters_in_force(tables: EventTables) -> pd.DataFrame:
    """Newest rows of ``tuned_parameters``."""
    rows = tables.tuned_parameters
    return rows[rows["rebalance_date"] == rows["rebalance_date"].max()].sort_values(
        ["study", "parameter"], ignore_index=True
    )


def fitted_with(models: pd.DataFrame) -> Iterator[tuple[str, dict[str, object]]]:
    """Name and parameters of each model in force."""
    yield from ((row["model"], json.loads(row["parameters"])) for row in models.to_dict("records"))
