"""Which charts the page shows, and why one is missing."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.report import charts, record
from trade_assets.domain.report.charts import Chart

IC_WINDOW = 26
SHARPE_WINDOW = metrics.SESSIONS_PER_YEAR


def of_book(
    book: pd.DataFrame, signals: pd.DataFrame, *, labels: Mapping[str, str], risk_free_frac: float
) -> list[Chart]:
    """Charts of a measured book; none before it has two sessions."""
    if len(book) < 2:
        return []
    drawn, bands = record.series(book), _bands(book, signals)
    return [
        Chart(
            "growth",
            "Growth of one dollar",
            "Net of costs. Shaded: market regime as known at each close.",
            charts.growth(drawn, labels, bands),
        ),
        Chart("drawdown", "Drawdown", "Fall from the highest value so far.", charts.drawdown(drawn, labels)),
        _rolling_sharpe(drawn, len(book), labels, risk_free_frac),
        Chart(
            "exposure",
            "Exposure and market regime",
            "Share of the book in stocks after each close.",
            charts.exposure(book["exposure_frac"].to_numpy(), bands),
        ),
        Chart(
            "trading",
            "At each rebalance",
            "One-way turnover; commission, half-spread and impact in basis points of equity.",
            charts.trading(record.rebalances(book)),
        ),
    ]


def of_skill(rank_ic: pd.DataFrame, champion: pd.Series | None) -> Chart:
    """The champion's information coefficients over time."""
    mine = rank_ic["model"] == ("" if champion is None else champion["model"])
    own = rank_ic[mine & rank_ic["rank_ic"].notna()].sort_values("rebalance_date", ignore_index=True)
    return Chart(
        "ic",
        "Rank information coefficient",
        f"Of the champion's model at each rebalance, and the mean of the last {IC_WINDOW}.",
        charts.skill(own, window=IC_WINDOW) if len(own) else None,
        "No outcome of the champion's predictions is known yet.",
    )


def _rolling_sharpe(drawn: Mapping[str, np.ndarray], n: int, labels: Mapping[str, str], risk_free_frac: float) -> Chart:
    two = {name: drawn[name] for name in ("portfolio", "equal_weight") if name in drawn}
    enough = n > SHARPE_WINDOW
    return Chart(
        "rolling_sharpe",
        f"Rolling Sharpe ratio, {SHARPE_WINDOW} sessions",
        "Each point looks back only.",
        charts.rolling_sharpe(two, labels, window=SHARPE_WINDOW, risk_free_frac=risk_free_frac) if enough else None,
        f"Needs more than {SHARPE_WINDOW} measured sessions; there are {n}.",
    )


def _bands(book: pd.DataFrame, signals: pd.DataFrame) -> list[dict]:
    shown = signals[signals["session"] >= book["session"].iloc[0]].sort_values("session")
    return charts.regime_bands(pd.DatetimeIndex(shown["session"]), shown["market_regime"].to_numpy(dtype=object))
