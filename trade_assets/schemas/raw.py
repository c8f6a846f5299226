"""What a source delivers, before a partition is known."""

from trade_assets.schemas.columns import (
    BAR_ORDER,
    BAR_VALUES,
    DAILY_BAR,
    FACT_VALUES,
    FORECAST,
    META_PROBABILITY,
    SESSION,
    TICKER,
    Column,
    Table,
)

RAW: dict[str, Table] = {
    "bars": Table(
        {"session": SESSION, "symbol": TICKER, **DAILY_BAR},
        ("session", "symbol"),
        "session",
        ordered=BAR_ORDER,
    ),
    "index_bars": Table(
        {"bar_end_utc": Column("instant", "end of the bar"), "symbol": TICKER, **BAR_VALUES},
        ("bar_end_utc", "symbol"),
        "bar_end_utc",
        ordered=BAR_ORDER,
    ),
    "fundamentals": Table(
        FACT_VALUES, ("symbol", "fact", "period_end", "period_focus", "available_utc"), "available_utc"
    ),
    "membership": Table(
        {
            "symbol": TICKER,
            "first_session": Column("date", "first day in the list"),
            "last_session": Column("date", "last day in the list; null where still in", nullable=True),
            "sector": Column("text", "sector; null where unknown", nullable=True),
        },
        ("symbol", "first_session"),
        "first_session",
    ),
    "signals": Table(
        {
            "session": SESSION,
            **{name: column for name, column in FORECAST.items() if name != "tft_source"},
            "meta_prob_success": META_PROBABILITY,
        },
        ("session",),
        "session",
    ),
}
