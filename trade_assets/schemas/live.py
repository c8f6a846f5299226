"""What belongs to one session: its bars, what is wanted, what is held, the orders, and what was checked."""

from trade_assets.schemas.columns import (
    BAR_ORDER,
    DAILY_BAR,
    FORECAST,
    META_PROBABILITY,
    SESSION,
    SHA256,
    TICKER,
    WEIGHT,
    Column,
    Table,
)

STRATEGY = Column("text", "book", isin=("stocks", "events", "allocator"))
ACTION = Column("text", "what to do", isin=("BUY", "ADD", "HOLD", "REDUCE", "SELL"))
USD = Column("float64", "USD")
LIVE: dict[str, Table] = {
    "session_bars": Table(
        {"session": SESSION, "symbol": TICKER, **DAILY_BAR},
        ("session", "symbol"),
        "session",
        ordered=BAR_ORDER,
    ),
    "live_market": Table(
        {
            "session": SESSION,
            **FORECAST,
            "meta_prob_success": META_PROBABILITY,
            "market_regime": Column("text", "state of the market", isin=("favorable", "neutral", "unfavorable")),
            "exposure_scalar": Column("float64", "share of the book a decision today would invest", ge=0, le=1),
            "is_stale": Column("bool", "whether the signal is older than one session"),
        },
        (),
        "session",
    ),
    "live_signals": Table(
        {
            "session": SESSION,
            "strategy": STRATEGY,
            "symbol": TICKER,
            "decided_at": Column("date", "session whose close decided the target"),
            "is_decided": Column("bool", "whether that is this session"),
            "target_weight": WEIGHT,
            "unscaled_weight": Column("float64", "weight before exposure", ge=0, le=1 + 1e-9),
            "exposure_scalar": Column("float64", "share of the book to invest", ge=0, le=1),
            "may_increase": Column("bool", "whether a position may grow"),
            "score": Column("float64", "score of the champion's model; null where it has none", nullable=True),
            "rank": Column("int64", "place by score, 1 the best; 0 where there is none", ge=0),
            "score_now": Column("float64", "the same at this session", nullable=True),
            "sector": Column("text", "sector; null where unknown", nullable=True),
            "size_bucket": Column(
                "text", "size of the company", nullable=True, isin=("large_cap", "mid_cap", "small_cap")
            ),
        },
        ("strategy", "symbol"),
        "session",
    ),
    "live_reasons": Table(
        {
            "session": SESSION,
            "symbol": TICKER,
            "kind": Column("text", "part of the score, or step of the weight", isin=("member", "feature", "step")),
            "name": Column("text", "model, feature or step"),
            "value": Column("float64", "contribution; those of the score sum to it"),
        },
        ("symbol", "kind", "name"),
        "session",
    ),
    "live_book": Table(
        {
            "session": SESSION,
            "strategy": STRATEGY,
            "symbol": TICKER,
            "shares": Column("float64", "shares held after the close; USD for cash"),
            "price_usd": Column("float64", "close used for valuation", gt=0),
            "value_usd": USD,
            "weight": Column("float64", "share of the book's value"),
            "base_weight": Column("float64", "the same after the last trade or transfer of the book"),
            "cost_basis_usd": Column("float64", "USD a share paid on average", ge=0),
            "flow_usd": Column("float64", "what people put in (+) or took out (-)"),
            "traded_usd": Column("float64", "bought (+) or sold (-)"),
            "cost_usd": Column("float64", "costs of the fills", ge=0),
            "pnl_usd": Column("float64", "gain of the session, dividends and costs included"),
            "is_price_stale": Column("bool", "whether the last known price stands in for a missing one"),
        },
        ("strategy", "symbol"),
        "session",
    ),
    "live_orders": Table(
        {
            "session": SESSION,
            "strategy": STRATEGY,
            "symbol": TICKER,
            "status": Column("text", "what becomes of it", isin=("proposed", "placed", "shown", "blocked", "held")),
            "trigger": Column("text", "why there are orders", isin=("decision", "drift", "no decision today")),
            "action": ACTION,
            "side": Column("text", "BUY, SELL or HOLD", isin=("BUY", "SELL", "HOLD")),
            "shares": Column("float64", "shares to buy (+) or sell (-)"),
            "price_usd": Column("float64", "close", gt=0),
            "notional_usd": Column("float64", "value to buy (+) or sell (-)"),
            "abs_notional_usd": Column("float64", "its size", ge=0),
            "held_weight": Column("float64", "share of the book held at the close"),
            "target_weight": WEIGHT,
            "weight_change": Column("float64", "share of the book to trade"),
            "commission_est_usd": Column("float64", "estimated commission", ge=0),
            "slippage_est_usd": Column("float64", "estimated half-spread and impact", ge=-1e-9),
            "cost_est_usd": Column("float64", "both", ge=0),
            "has_impact": Column("bool", "whether volume was known, so that impact is in the estimate"),
            "volume_share": Column(
                "float64", "share of a day's dollar volume; null where unknown", nullable=True, ge=0
            ),
            "liquidity_warning": Column("bool", "whether that is above live.max_volume_frac"),
        },
        ("strategy", "symbol"),
        "session",
    ),
    "safety_report": Table(
        {
            "session": SESSION,
            "strategy": STRATEGY,
            "position": Column("int64", "order of the checks", ge=0),
            "name": Column("text", "check"),
            "requirement": Column("text", "what it stands for"),
            "value": Column("float64", "number found; null where there is none", nullable=True),
            "limit": Column("float64", "its limit; null where there is none", nullable=True),
            "is_passed": Column("bool", "whether it is within the limit"),
            "severity": Column("text", "what a failure does", isin=("warn", "error")),
            "sentence": Column("text", "the verdict in words"),
        },
        ("strategy", "position"),
        "session",
    ),
    "daily_report": Table(
        {
            "session": SESSION,
            "file": Column("text", "file written, below live.output_dir"),
            "sha256": SHA256,
            "bytes": Column("int64", "its length", ge=0),
        },
        ("file",),
        "session",
    ),
    "monitoring": Table(
        {
            "session": SESSION,
            "area": Column("text", "what is watched"),
            "name": Column("text", "number"),
            "value": Column("float64", "its value; null where there is none yet", nullable=True),
            "n": Column("int64", "observations behind it", ge=0),
            "severity": Column("text", "how bad it is", isin=("ok", "warn", "alarm")),
            "sentence": Column("text", "the same in words"),
        },
        ("area", "name"),
        "session",
    ),
    "reconciliation": Table(
        {
            "session": SESSION,
            "strategy": STRATEGY,
            "symbol": TICKER,
            "proposed_shares": Column("float64", "proposed the session before, in shares of this one"),
            "ordered_shares": Column("float64", "approved of that"),
            "filled_shares": Column("float64", "bought (+) or sold (-)"),
            "decision_price_usd": Column("float64", "close of the session before", nullable=True, gt=0),
            "reference_price_usd": Column(
                "float64", "close, or open, that fills are compared with", nullable=True, gt=0
            ),
            "fill_price_usd": Column("float64", "paid on average; null without a fill", nullable=True),
            "close_usd": Column("float64", "close of this session, or the last one", nullable=True, gt=0),
            "deviation_bps": Column("float64", "fill against decision price, positive is worse", nullable=True),
            "delay_usd": Column("float64", "move from the decision to the reference price", nullable=True),
            "spread_usd": Column("float64", "half-spread expected", nullable=True),
            "impact_usd": Column(
                "float64", "what the fill cost beyond reference, half-spread and commission", nullable=True
            ),
            "commission_usd": Column("float64", "commission expected", nullable=True),
            "unfilled_usd": Column("float64", "missed on shares ordered and not filled", nullable=True),
            "override_usd": Column("float64", "missed on shares a person changed or left out", nullable=True),
            "shortfall_usd": Column("float64", "all of it", nullable=True),
            "override_pnl_usd": Column("float64", "what the person's change earned by the close", nullable=True),
            "reason": Column("text", "why it differs"),
        },
        ("strategy", "symbol"),
        "session",
    ),
}
