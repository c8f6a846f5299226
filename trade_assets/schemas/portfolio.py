"""Weights, holdings, orders and results of the book."""

from trade_assets.schemas.columns import DATE, SESSION, TICKER, TURNOVER, WEIGHT, Column, Table

PORTFOLIO: dict[str, Table] = {
    "target_weights": Table(
        {
            "rebalance_date": DATE,
            "symbol": TICKER,
            "weight": WEIGHT,
            "unscaled_weight": Column("float64", "weight before exposure", ge=0, le=1 + 1e-9),
            "exposure_scalar": Column("float64", "share of the book to invest", ge=0, le=1),
            "may_increase": Column("bool", "whether positions may grow; not on a stale market signal"),
        },
        ("symbol",),
        may_be_empty=False,
    ),
    "portfolio_book": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            "symbol": TICKER,
            "shares": Column("float64", "shares held after the close; USD for cash"),
            "price_usd": Column("float64", "close used for valuation", gt=0),
            "value_usd": Column("float64", "value held after the close"),
            "weight": Column("float64", "share of the equity", le=1 + 1e-9),
            "traded_usd": Column("float64", "bought (+) or sold (-) this session"),
            "cost_usd": Column("float64", "commission, half-spread and impact of the fills", ge=0),
            "is_price_stale": Column("bool", "whether the last known price stands in for a missing one"),
        },
        ("session", "symbol"),
        may_be_empty=False,
    ),
    "trades": Table(
        {
            "rebalance_date": DATE,
            "symbol": TICKER,
            "action": Column("text", "what to do", isin=("BUY", "ADD", "HOLD", "REDUCE", "SELL")),
            "held_weight": Column("float64", "share of the book held at the close, after drift", ge=0),
            "target_weight": Column("float64", "share of the book wanted", ge=0),
            "delta_weight": Column("float64", "share of the book to trade; 0 where held"),
            "delta_vs_prev_target": Column("float64", "change of the target since the last rebalance"),
            "shares": Column("float64", "shares to buy (+) or sell (-)"),
            "price_usd": Column("float64", "last close", gt=0),
            "notional_usd": Column("float64", "value to buy (+) or sell (-)"),
            "cost_est_usd": Column("float64", "estimated commission, half-spread and impact", ge=0),
            "has_impact": Column("bool", "whether volume was known, so that impact is in the estimate"),
        },
        ("symbol",),
    ),
    "portfolio_returns": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            "return_frac": Column("float64", "daily return of the book, net of costs", ge=-1),
            "equity_usd": Column("float64", "value of the book after the close", gt=0),
            "exposure_frac": Column("float64", "share of the book in stocks after the close", ge=0),
            "turnover_frac": TURNOVER,
            "cost_usd": Column("float64", "costs of the fills", ge=0),
            "equal_weight_return_frac": Column("float64", "the universe held equally, the same days and costs", ge=-1),
            "qqq_return_frac": Column("float64", "NASDAQ leg, bought and held", nullable=True, ge=-1),
            "spy_return_frac": Column("float64", "S&P 500 leg, bought and held", nullable=True, ge=-1),
        },
        ("session",),
        may_be_empty=False,
    ),
    "performance": Table(
        {
            "rebalance_date": DATE,
            "window": Column("text", "sessions measured", isin=("since_start", "three_years", "one_year")),
            "series": Column("text", "what is measured", isin=("portfolio", "equal_weight", "qqq", "spy")),
            "metric": Column("text", "name of the metric"),
            "value": Column("float64", "value; null where undefined", nullable=True),
        },
        ("window", "series", "metric"),
    ),
}
