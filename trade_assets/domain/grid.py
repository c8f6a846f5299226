"""The grid of candidates: every model with every construction, and the weights of each.

Beside them stands the baseline every candidate must beat: all members in equal parts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd

from trade_assets.domain import learned_gate, metrics
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.constructions import CONSTRUCTIONS, Candidates, Limits, candidates
from trade_assets.domain.learned_gate import Policy
from trade_assets.domain.prices import Panel

CASH = "CASH"
Cell = tuple[str, str]
GATED = ("fixed_gate", "learned_gate")  # constructions that hold the exposure of the market themselves
BASELINE: Cell = ("baseline", "equal_weight")
COVARIANCE_SESSIONS = 252
NO_SCORES, SKIPPED = "all cash: no scores", "skipped"


@dataclass(frozen=True)
class Gated:
    """The policy of a gated cell at a date, and the exposure it allows then."""

    policy: Policy
    exposure: float


def gates_at(
    policies: Mapping[tuple[pd.Timestamp, str], Policy], signals: pd.DataFrame
) -> dict[tuple[pd.Timestamp, str], Gated]:
    """What gated cells need at each date; ``signals`` are rows of ``market_signals`` that reach it."""
    at_close = signals.set_index("session")
    told = {}
    for (date, construction), policy in policies.items():
        row = at_close.loc[[date]]
        own = learned_gate.exposure(
            row["tft_p50"].to_numpy(), row["meta_prob_success"].to_numpy(), row["is_stale"].to_numpy(), policy
        )
        told[date, construction] = Gated(policy, float(own[0]))
    return told


def portfolios(
    predictions: pd.DataFrame,
    universe: pd.DataFrame,
    previous: pd.DataFrame,
    *,
    dates: pd.DatetimeIndex,
    cells: Sequence[Cell],
    limits: Limits,
    never_buy: set[str],
    panel: Panel | None = None,
    skill: Mapping[tuple[pd.Timestamp, str], float] | None = None,
    skipped: Mapping[tuple[pd.Timestamp, str], str] | None = None,
    gated: Mapping[tuple[pd.Timestamp, str], Gated] | None = None,
) -> pd.DataFrame:
    """Weights of every cell at every date, and of the baseline.

    A name in an earnings blackout, or never to be bought, stays eligible only while the cell already holds it.

    Parameters
    ----------
    predictions : DataFrame
        Rows of ``stock_predictions``.
    universe : DataFrame
        Rows of ``universe``.
    previous : DataFrame
        Weights at the rebalance before the first date.
    cells : sequence of (model, construction)
    limits : Limits
    never_buy : set of str
    panel : Panel, optional
        Bars of the sessions a covariance is estimated on; without it the constructions that need one fall back.
    skill : mapping of (date, model) to the trailing mean rank information coefficient, optional
    skipped : mapping of (date, model) to why the model was not fitted, optional
    gated : mapping of (date, construction) to Gated, for the constructions in ``GATED``
    """
    scores = {
        key: rows.set_index("symbol")["prediction"] for key, rows in predictions.groupby(["rebalance_date", "model"])
    }
    members = dict(tuple(universe.groupby("rebalance_date")))
    held = {cell: _stocks(rows["symbol"], rows["weight"]) for cell, rows in previous.groupby(["model", "construction"])}
    before = previous["rebalance_date"].iloc[0] if len(previous) and "rebalance_date" in previous else None
    parts = []
    for date in dates:
        listed = members.get(date, universe.iloc[:0])
        barred = never_buy | set(listed.loc[listed["in_blackout"], "symbol"])
        sector = listed.set_index("symbol")["sector"]
        moves = None if panel is None else Moves(panel, date, before)
        made: list[tuple[Cell, pd.Series, str]] = []
        for model, of_model in groupby(cells, key=itemgetter(0)):
            own, worth = scores.get((date, model)), (skill or {}).get((date, model), float("nan"))
            offered: dict[frozenset[str], Candidates] = {}
            for cell in of_model:
                now = held.get(cell, NOTHING)
                out = frozenset(barred.difference(now.index))
                if own is not None and out not in offered:
                    returns = None if moves is None else moves.returns
                    offered[out] = candidates(
                        own, sector, barred=set(out), returns=returns, information_coefficient=worth
                    )
                gate = (gated or {}).get((date, cell[1]))
                weights, status = _built(
                    cell, offered.get(out), limits, now if moves is None else moves.drifted(now), gate
                )
                status = (skipped or {}).get((date, model), status) if own is None else status
                held[cell] = weights
                made.append((cell, weights, status))
        parts += [_rows(date, made), _baseline(listed).assign(rebalance_date=date)]
        before = date
    return pd.concat(parts, ignore_index=True)


NOTHING = pd.Series(dtype=float, index=pd.Index([], dtype=object))


def _built(
    cell: Cell, found: Candidates | None, limits: Limits, held: pd.Series, gate: Gated | None
) -> tuple[pd.Series, str]:
    """Weights of a cell by symbol in order, cash left out, and how they came about."""
    if found is None or found.scores.empty:
        return NOTHING, NO_SCORES
    if cell[1] in GATED:
        if gate is None:
            raise ValueError(f"{cell[1]} needs a policy and an exposure at every date")
        made = learned_gate.weights(replace(found, held=held), limits, gate.policy)
        return _stocks(made.weights.index, made.weights * gate.exposure), made.status
    made = CONSTRUCTIONS[cell[1]](replace(found, held=held), limits)
    return _stocks(made.weights.index, made.weights), made.status


def _stocks(symbols: Iterable[str], weights: Iterable[float]) -> pd.Series:
    # sorted: a sum over them must not depend on whether they were stored in between
    names, values = np.asarray(symbols, dtype=object), np.asarray(weights, dtype=float)
    kept = np.flatnonzero((values > 0) & (names != CASH))
    kept = kept[np.argsort(names[kept])]
    return pd.Series(values[kept], index=names[kept])


def _rows(date: pd.Timestamp, made: list[tuple[Cell, pd.Series, str]]) -> pd.DataFrame:
    n = [len(weights) + 1 for _, weights, _ in made]
    columns = {
        "rebalance_date": np.repeat(np.array([date.to_datetime64()]), sum(n)),
        "model": np.repeat(np.array([cell[0] for cell, _, _ in made], dtype=object), n),
        "construction": np.repeat(np.array([cell[1] for cell, _, _ in made], dtype=object), n),
        "symbol": np.concatenate([[*weights.index, CASH] for _, weights, _ in made]),
        "weight": np.concatenate([[*weights, max(0.0, 1.0 - float(weights.sum()))] for _, weights, _ in made]),
        "status": np.repeat(np.array([status for _, _, status in made], dtype=object), n),
    }
    return pd.DataFrame(columns)


def is_baseline(rows: pd.DataFrame) -> pd.Series:
    """True on the rows of the baseline."""
    return (rows["model"] == BASELINE[0]) & (rows["construction"] == BASELINE[1])


def with_scores(portfolios: pd.DataFrame) -> pd.DataFrame:
    """The rows of cells whose model scored anything at the date; who had no scores decided nothing."""
    return portfolios[(portfolios["status"] != NO_SCORES) & ~portfolios["status"].str.startswith(SKIPPED)]


def trailing_skill(
    skill: pd.DataFrame, *, dates: pd.DatetimeIndex, grid: Rebalances, last: int
) -> dict[tuple[pd.Timestamp, str], float]:
    """Mean rank information coefficient of each model over the ``last`` rebalances up to each date, by (date, model)."""
    wide = skill.pivot(index="rebalance_date", columns="model", values="rank_ic").sort_index()
    told = {}
    for date in dates:
        rows = wide[wide.index.isin(grid.window(date, last=last))]
        for model in wide.columns:
            told[date, model] = metrics.mean_ic(rows[model].to_numpy(dtype=float))
    return told


class Moves:
    """What the constructions of one date read from the panel: moves before it, and since the fill before."""

    def __init__(self, panel: Panel, date: pd.Timestamp, before: pd.Timestamp | None) -> None:
        row = panel.rows(pd.DatetimeIndex([date]))[0]
        gross = panel.gross[max(row + 1 - COVARIANCE_SESSIONS, 0) : row + 1]
        self.returns = pd.DataFrame(gross - 1.0, columns=panel.symbols)
        since = None if before is None else panel.gross[panel.rows(pd.DatetimeIndex([before]))[0] + 2 : row + 1]
        self._growth = (
            np.ones(len(panel.symbols)) if since is None else np.where(np.isnan(since), 1.0, since).prod(axis=0)
        )

    def drifted(self, weights: pd.Series) -> pd.Series:
        """Shares of the book at this close of what was filled after the rebalance before."""
        if not len(weights):
            return weights
        place = self.returns.columns.get_indexer(weights.index)
        growth = np.where(place >= 0, self._growth[place], 1.0)
        value = weights.to_numpy() * growth
        return pd.Series(value / (value.sum() + (1.0 - weights.to_numpy().sum())), index=weights.index)


def _baseline(listed: pd.DataFrame) -> pd.DataFrame:
    members = np.sort(listed.loc[listed["is_member"], "symbol"].to_numpy(dtype=object))
    symbols = [*members, CASH]
    weights = np.append(np.full(len(members), 1.0 / max(len(members), 1)), 0.0 if len(members) else 1.0)
    status = "ok" if len(members) else "all cash: no members"
    return pd.DataFrame(
        {"symbol": symbols, "weight": weights, "status": status, "model": BASELINE[0], "construction": BASELINE[1]}
    )
