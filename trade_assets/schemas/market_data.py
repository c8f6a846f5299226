"""Prices, reported figures and who may be held."""

from trade_assets.schemas.columns import (
    BAR_ORDER,
    BAR_VALUES,
    DAILY_BAR,
    DATE,
    FACT_VALUES,
    SESSION,
    TICKER,
    Column,
    Table,
)

MARKET_DATA: dict[str, Table] = {
    "bars": Table(
        {"rebalance_date": DATE, "session": SESSION, "symbol": TICKER, **DAILY_BAR},
        ("session", "symbol"),
        ordered=BAR_ORDER,
    ),
    "index_bars": Table(
        {
            "rebalance_date": DATE,
            "bar_end_utc": Column("instant", "end of the bar"),
            "symbol": TICKER,
            "session": SESSION,
            **BAR_VALUES,
        },
        ("bar_end_utc", "symbol"),
        ordered=BAR_ORDER,
    ),
    "fundamentals": Table(
        {"rebalance_date": DATE, **FACT_VALUES},
        ("symbol", "fact", "period_end", "period_focus", "available_utc"),
    ),
    "universe": Table(
        {
            "rebalance_date": DATE,
            "symbol": TICKER,
            "is_member": Column("bool", "whether the symbol may be held from this date"),
            "exclusion_reason": Column("text", "the first rule that excludes it", nullable=True),
            "sector": Column("text", "sector; null where unknown", nullable=True),
            "size_bucket": Column(
                "text", "size of the company", nullable=True, isin=("large_cap", "mid_cap", "small_cap")
            ),
            "dollar_volume_usd": Column("float64", "median daily dollar volume of 63 sessions", nullable=True, ge=0),
            "is_survivorship_free": Column("bool", "whether the source lists symbols that have left"),
            "in_blackout": Column("bool", "whether a known report date lies within the earnings blackout"),
        },
        ("symbol",),
    ),
}
