"""The facts of the earlier engine, as they were handed down, beside ours: a reference and never a gate (F-12)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

AS_OF = pd.Timestamp("2026-02-15")
TARGET_USD_A_MONTH = 200.0
TARGET_CAPITAL_USD = 10_000.0


@dataclass(frozen=True)
class Fact:
    """A figure of the earlier engine: what it was called, its unit, its value."""

    label: str
    unit: str
    value: float


FACTS: dict[str, Fact] = {
    "n_events": Fact("Events", "count", 10_019),
    "edge_bps": Fact("Mean net edge of an event, bps", "bps2", -2.26),
    "cost_bps": Fact("Mean modelled cost of a round trip, bps", "plain_bps", 9.14),
    "events_per_week": Fact("Events a week", "one", 19.1),
    "end_equity_usd": Fact("Equity at the end, from $10,000", "usd", 14_602),
    "cagr": Fact("CAGR", "frac2", 0.0387),
    "max_drawdown": Fact("Maximum drawdown", "frac2", -0.0860),
    "calmar": Fact("Calmar ratio", "ratio", 0.45),
    "avg_monthly_usd": Fact("Mean gain a month on $10,000", "usd2", 38.03),
    "trades_per_month": Fact("Trades a month", "ratio", 6.98),
}


def beside(ours: Mapping[str, float], mock: Mapping[str, float]) -> pd.DataFrame:
    """``name, label, unit, historic, engine, mock``; NaN where a book has no such figure."""
    rows = [
        (name, fact.label, fact.unit, float(fact.value), ours.get(name, math.nan), mock.get(name, math.nan))
        for name, fact in FACTS.items()
    ]
    return pd.DataFrame(rows, columns=["name", "label", "unit", "historic", "engine", "mock"])
