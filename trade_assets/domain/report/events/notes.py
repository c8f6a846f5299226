"""What a reader must know before trusting the page: computed from the tables, not remembered."""

from collections.abc import Sequence

import pandas as pd

from trade_assets.domain.report.events import forecasts, record
from trade_assets.domain.report.events.evidence import Estimate
from trade_assets.domain.report.events.tables import EventTables, Terms

FEW_TRADES = 30
FEW_ROWS = 100


def of(tables: EventTables, terms: Terms, *, known: pd.DataFrame, exits: Estimate) -> list[str]:
    """Sentences on fills, legs, financing, capital and how much evidence there is.

    Parameters
    ----------
    known : DataFrame
        See :func:`~trade_assets.domain.report.events.forecasts.judged`.
    exits : Estimate
        Net log return of the closed trades.
    """
    return [
        *_fills(terms),
        *stand_ins(terms.legs),
        "Cash earns nothing and a short pays no financing and no borrow; both books are measured the same way.",
        "The legs are sleeves of equal capital, made equal again at every close without a cost for doing so; the "
        "book's return is the mean of theirs.",
        *_waiting(tables),
        "Stops are judged at the close of a bar and filled in the next one: a drawdown can pass its limit before the book is flat. "
        "A trade whose last bar is missing is out at the last known price, which no one may have paid.",
        *_samples(tables, known, exits),
    ]


def _fills(terms: Terms) -> list[str]:
    if terms.opens_are_real:
        return ["Entries fill at the open of the next bar."]
    return [
        "The source's opens are not real: entries and forced exits fill at the close of the next bar, and a barrier is "
        "taken to fill at its own level, which a gap would miss."
    ]


def stand_ins(legs: Sequence[tuple[str, str]]) -> list[str]:
    """What stands for the ETFs where they are not there themselves; ``legs`` as in ``Terms``."""
    told = [f"{symbol} for {role.upper()}" for role, symbol in legs if symbol.upper() != role.upper()]
    if not told:
        return []
    return [f"Indexes stand for ETFs ({', '.join(told)}): nobody trades an index, and it pays no dividends here."]


def _waiting(tables: EventTables) -> list[str]:
    begin = record.first_decision(tables)
    if begin is None or not len(tables.event_book):
        return []
    sessions = tables.event_book["session"].drop_duplicates()
    waited = int((sessions < begin).sum())
    return [
        f"{waited:,} of {len(sessions):,} sessions passed before the first event with a model; \"since the start\" counts them "
        "as cash, in both books, so its yearly and monthly figures are lower than those since the first model."
    ] if waited else []  # fmt: skip


def _samples(tables: EventTables, known: pd.DataFrame, exits: Estimate) -> list[str]:
    notes = []
    if exits.n and exits.n < FEW_TRADES:
        notes.append(f"There are {exits.n} closed trades: too few to tell skill from luck.")
    elif exits.n and not exits.is_apart_from_zero:
        notes.append(
            f"The mean net return of the {exits.n} closed trades cannot be told from zero: {1e4 * exits.mean:+.1f} bps, 95 % "
            f"interval {1e4 * exits.low:+.1f} to {1e4 * exits.high:+.1f}.".replace("-", "−")
        )
    rows = forecasts.models_in_force(tables)
    if len(rows) and (n := int(rows["n_calibration_rows"].iloc[0])) < FEW_ROWS:
        notes.append(
            f"The block that calibrates the probabilities in force holds {n} events; of so few, calibration is mostly noise."
        )
    if len(known):
        notes.append(
            f"Events overlap in time and the legs move together, so {len(known):,} judged events are worth far fewer draws; "
            f"every interval counts the {known['month'].nunique()} months they fall in."
        )
    return notes
