"""The bars of one session."""

from trade_assets.schemas.columns import BAR_ORDER, DAILY_BAR, SESSION, TICKER, Table

LIVE: dict[str, Table] = {
    "session_bars": Table(
        {"session": SESSION, "symbol": TICKER, **DAILY_BAR},
        ("session", "symbol"),
        "session",
        ordered=BAR_ORDER,
    ),
}
