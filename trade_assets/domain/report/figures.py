"""Which charts the page shows, and why one is missing."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.report import charts, record
from trade_assets.domain.report.charts import Chart

IC_WINDOW = 26


def figures(
    book: pd.DataFrame, signals: pd.DataFrame, ics: pd.DataFrame, labels: Mapping[str, str], risk_free_frac: float
) -> dict[str, Chart]:
    n, window = len(book), metrics.SESSIONS_PER_YEAR
    short = f"Needs two sessions with a position; there {'is' if n == 1 else 'are'} {n}."
    drawn = record.series(book) if n >= 2 else {}
    bands = _bands(book, signals)
    two = {name: values for name, values in drawn.items() if name in ("portfolio", "equal_weight")}
    return {
        chart.id: chart
        for chart in (
            Chart(
                "growth", "Growth of one dollar",
                "Net of costs. Shaded: market regime as known at each close.",
                charts.growth(drawn, labels, bands) if drawn else None, short,
            ),
            Chart(
                "drawdown", "Drawdown", "Fall from the highest value so far.",
                charts.drawdown(drawn, labels) if drawn else None, short,
            ),
            Chart(
                "rolling_sharpe", f"Rolling Sharpe ratio, {window} sessions", "Each point looks back only.",
                charts.rolling_sharpe(two, labels, window=window, risk_free_frac=risk_free_frac) if n > window else None,
                f"Needs more than {window} sessions with a position; there are {n}.",
            ),
            Chart(
                "exposure", "Exposure and market regime", "Share of the book in stocks after each close.",
                charts.exposure(book["exposure_frac"].to_numpy(), bands) if drawn else None, short,
            ),
            Chart(
                "trading", "At each rebalance",
                "One-way turnover, and commission, spread and impact in basis points of equity.",
                charts.trading(record.rebalances(book)) if drawn else None, short,
            ),
            Chart(
                "skill", "Rank information coefficient",
                f"Of the champion's model at each rebalance, and the mean of the last {IC_WINDOW}.",
                charts.skill(ics, window=IC_WINDOW) if len(ics) else None,
                "No outcome of the champion's predictions is known yet.",
            ),
        )
    }  # fmt: skip


def _bands(book: pd.DataFrame, signals: pd.DataFrame) -> list[dict]:
    if not len(book):
        return []
    shown = signals[signals["session"] >= book["session"].iloc[0]].sort_values("session")
    return charts.regime_bands(pd.DatetimeIndex(shown["session"]), shown["market_regime"].to_numpy(dtype=object))


def _champion_ic(rank_ic: pd.DataFrame, champion: pd.Series | None) -> pd.DataFrame:
    if champion is None:
        return rank_ic.iloc[:0]
    own = rank_ic[(rank_ic["model"] == champion["model"]) & rank_ic["rank_ic"].notna()]
    return own.sort_values("rebalance_date", ignore_index=True)
