"""Which decisions would have been others, had the bars been what the vendor says today."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from trade_assets.domain.book import CASH
from trade_assets.domain.champion import name_of

COLUMNS = ["session", "strategy", "decision", "symbol", "sealed", "restated"]
SMALLEST_WEIGHT = 1e-4  # of the book: a smaller change of a weight is no other decision
NO_ORDER = "no order"

Key = tuple[pd.Timestamp, str, str, str]  # session, strategy, decision, symbol


@dataclass(frozen=True)
class Decided:
    """Rows of the tables of these names: what was decided at rebalances, and in live sessions."""

    champion_model: pd.DataFrame
    target_weights: pd.DataFrame
    live_signals: pd.DataFrame
    live_orders: pd.DataFrame


def changes(sealed: Decided, restated: Decided) -> pd.DataFrame:
    """One row a decision that differs.

    Parameters
    ----------
    sealed, restated : Decided
        The same rebalances and sessions, decided on the sealed bars and on the restated ones.

    Returns
    -------
    DataFrame
        ``session, strategy, decision, symbol, sealed, restated``: the decision is ``champion``, ``exposure``, ``weight``
        or ``order``, the last two are what it was and would have been, in words. Empty where no decision changes.
    """
    names, exposures, orders = (
        [dict(find(every)) for every in (sealed, restated)] for find in (_champions, _exposures, _orders)
    )
    weights = [dict(_weights(every)) for every in (sealed, restated)]
    rows = [
        *_differing(*names, absent=""),
        *_differing(*exposures, absent=""),
        *((key, f"{old:.2%}", f"{new:.2%}") for key, old, new in _moved(*weights)),
        *_differing(*orders, absent=NO_ORDER),
    ]
    made = pd.DataFrame([(*key, old, new) for key, old, new in rows], columns=COLUMNS)
    return made.sort_values("session", kind="stable", ignore_index=True)


def _champions(of: Decided) -> Iterator[tuple[Key, str]]:
    for row in of.champion_model[of.champion_model["role"] == "champion"].itertuples():
        yield (row.rebalance_date, "stocks", "champion", ""), name_of((row.model, row.construction))  # type: ignore[misc]


def _exposures(of: Decided) -> Iterator[tuple[Key, str]]:
    for row in of.target_weights[of.target_weights["symbol"] == CASH].itertuples():
        yield (row.rebalance_date, "stocks", "exposure", ""), f"{row.exposure_scalar:.0%}"  # type: ignore[misc]


def _weights(of: Decided) -> Iterator[tuple[Key, float]]:
    for row in of.target_weights[of.target_weights["symbol"] != CASH].itertuples():
        yield (row.rebalance_date, "stocks", "weight", row.symbol), float(row.weight)  # type: ignore[misc,arg-type]
    for row in of.live_signals[of.live_signals["strategy"] != "stocks"].itertuples():
        yield (row.session, row.strategy, "weight", row.symbol), float(row.target_weight)  # type: ignore[misc,arg-type]


def _orders(of: Decided) -> Iterator[tuple[Key, str]]:
    for row in of.live_orders[of.live_orders["shares"] != 0].itertuples():
        blocked = ", blocked" if row.status == "blocked" else ""
        yield (row.session, row.strategy, "order", row.symbol), f"{row.side} {abs(row.shares):,.10g}{blocked}"  # type: ignore[misc,arg-type]


def _differing(old: Mapping[Key, str], new: Mapping[Key, str], *, absent: str) -> list[tuple[Key, str, str]]:
    both = [(key, old.get(key, absent), new.get(key, absent)) for key in sorted({*old, *new})]
    return [(key, before, after) for key, before, after in both if before != after]


def _moved(old: Mapping[Key, float], new: Mapping[Key, float]) -> list[tuple[Key, float, float]]:
    both = [(key, old.get(key, 0.0), new.get(key, 0.0)) for key in sorted({*old, *new})]
    return [(key, before, after) for key, before, after in both if abs(after - before) >= SMALLEST_WEIGHT]
