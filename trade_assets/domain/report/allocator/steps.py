"""The newest decision step by step: each number, what it was before, and what the step did, in one line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.allocator.book import SESSIONS_PER_YEAR
from trade_assets.domain.allocator.envelope import volatility_of_mix
from trade_assets.domain.allocator.legs import QQQ
from trade_assets.domain.report.allocator.tables import Terms
from trade_assets.domain.report.writing import percent, ratio, signed_percent

SEEN = ("qqq_position", "spy_position", "qqq_volatility_63", "spy_volatility_63", "sleeve_correlation_63", "drift_intensity")  # fmt: skip
EPSILON = 1e-12  # two numbers nearer than this differ by rounding


@dataclass(frozen=True)
class Step:
    """One step: its column in ``allocation`` (or what is made of columns), its number, the change, and what it did."""

    column: str
    label: str
    value: float
    change: float
    sentence: str


def split(row: pd.Series, terms: Terms, *, positions: float) -> Iterator[Step]:
    """From the mix held to the mix wanted: share of the NASDAQ sleeve in what is invested.

    Parameters
    ----------
    row : Series
        A row of ``allocation``.
    terms : Terms
    positions : float
        Sum of the sleeves' positions, which is what a unit of weight moves.
    """
    rules = terms.rulebook.rules
    told = {
        "held_mix": ("Held", "What earlier fills left, drifted with the sleeves' returns."),
        "raw_mix": ("Raw choice", _chosen(row, terms, positions)),
        "smoothed_mix": (
            "Smoothed",
            f"{percent(rules.alpha, 0)} of what is held and {percent(1 - rules.alpha, 0)} of the raw choice.",
        ),
        "capped_mix": (
            "Capped",
            f"At most {percent(rules.daily_cap, 0)} a session: {_whether(row, 'capped_mix', 'smoothed_mix', 'the move is cut', 'the move is smaller')}.",
        ),
        "clipped_mix": (
            "Clipped",
            f"Kept between 0 % and 100 %: {_whether(row, 'clipped_mix', 'capped_mix', 'cut', 'it lies there')}.",
        ),
        "mix_qqq": ("After the band", _banded(row, rules.band)),
    }
    before = np.nan
    for column, (label, sentence) in told.items():
        value = float(row[column])
        yield Step(column, label, value, value - before, sentence)
        before = value


def scale(row: pd.Series, terms: Terms, seen: Mapping[str, float]) -> Iterator[Step]:
    """From the whole book to what works, and on to the weights; ``seen`` are the features of ``SEEN``."""
    limits = terms.rulebook.limits
    guard, calm, drift = (float(row[name]) for name in ("drawdown_guard", "volatility_scale", "drift_throttle"))
    yield Step("drawdown_guard", "Drawdown guard", guard, np.nan, f"The book is {percent(1 - row['equity'] / row['peak'])} below its peak; the guard cuts from {percent(limits.drawdown_warn, 0)} on, down to {percent(limits.guard_floor, 0)} at {percent(limits.drawdown_stop, 0)}.")  # fmt: skip
    yield Step("volatility_scale", "× volatility scale", calm, np.nan, _volatility(row, seen, limits.volatility_target))
    yield Step("drift_throttle", "× drift throttle", drift, np.nan, _drift(seen["drift_intensity"], limits))
    product, held, gross = guard * calm * drift, float(row["held_qqq"] + row["held_spy"]), float(row["gross"])
    yield Step("product", "= may work", product, np.nan, "The three multiplied.")
    yield Step("gross", "Gross", gross, gross - held, _gross(product, held, gross, limits.daily_cap, limits.band))
    mix = float(row["mix_qqq"])
    for role in terms.roles:
        weight, share = float(row[f"w_{role}"]), mix if role == QQQ else 1 - mix
        sentence = f"{percent(gross, 2)} gross × {percent(share, 2)} of it."
        yield Step(f"w_{role}", f"Weight of the {role.upper()} sleeve", weight, weight - float(row[f"held_{role}"]), sentence)  # fmt: skip
    yield Step("cash", "Cash", float(row["cash"]), float(row["cash"]) - (1 - held), "The rest of the book.")


def _chosen(row: pd.Series, terms: Terms, positions: float) -> str:
    if len(terms.roles) < 2:
        return "There is one sleeve only: what is invested is all in it."
    if not row["has_model"]:
        return "No model is in force yet: the weight goes to the middle."
    cost = " (nothing now: neither sleeve holds a position)" if positions == 0 else ""
    return f"Of {terms.buckets} weights the one of the highest expected utility, {signed_percent(row['expected_utility'], 2)} over {terms.horizon_sessions} sessions after the cost of getting there{cost}."  # fmt: skip


def _whether(row: pd.Series, after: str, before: str, cut: str, left: str) -> str:
    return cut if abs(row[after] - row[before]) > EPSILON else left


def _banded(row: pd.Series, band: float) -> str:
    move = f"The move of {percent(abs(row['clipped_mix'] - row['held_mix']), 2)}"
    if row["mix_qqq"] == row["clipped_mix"]:
        return f"{move} is made; one of less than {percent(band, 0)} is not." if row["mix_qqq"] != row["held_mix"] else "Nothing is to be moved."  # fmt: skip
    return f"{move} is less than {percent(band, 0)} and is not made: what is held stays."


def _volatility(row: pd.Series, seen: Mapping[str, float], target: float) -> str:
    daily = volatility_of_mix(float(row["mix_qqq"]), (seen["qqq_volatility_63"], seen["spy_volatility_63"]), seen["sleeve_correlation_63"])  # fmt: skip
    if np.isnan(daily):
        return "The volatility of the mix is not known yet, which cuts nothing."
    verdict = "more than" if row["volatility_scale"] < 1 else "within"
    return f"The mix moved {percent(daily * np.sqrt(SESSIONS_PER_YEAR))} a year over the last quarter, {verdict} the target of {percent(target, 0)}."  # fmt: skip


def _drift(intensity: float, limits) -> str:
    if np.isnan(intensity):
        return "Too few scores to tell whether they have drifted, which cuts nothing."
    return f"The engine's scores have drifted by {ratio(intensity)}; the throttle cuts from {ratio(limits.drift_from)} on, down to {percent(limits.drift_floor, 0)} at {ratio(limits.drift_to)}."  # fmt: skip


def _gross(product: float, held: float, gross: float, cap: float, band: float) -> str:
    if abs(gross - held) < EPSILON:
        return f"{percent(held, 2)} is held; changes of less than {percent(band, 0)} are not made: it stays."
    if abs(gross - product) < EPSILON:
        return f"{percent(held, 2)} is held; the change is made in full."
    return f"{percent(held, 2)} is held; a rise is at most {percent(cap, 0)} a session, a cut is made at once."
