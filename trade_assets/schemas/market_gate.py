"""The index forecast, and how much of the book to invest."""

from trade_assets.schemas.columns import DATE, FORECAST, META_PROBABILITY, SESSION, SHA256, Column, Table

MARKET_GATE: dict[str, Table] = {
    "forecast_models": Table(
        {
            "rebalance_date": DATE,
            "quantile": Column("float64", "quantile forecast", gt=0, le=1),
            "artifact_sha256": SHA256,
            "n_rows": Column("int64", "training sessions", ge=1),
            "train_first": Column("date", "first training session"),
            "train_last": Column("date", "last training session; its outcome is known at the rebalance date"),
            "pinball_loss": Column("float64", "mean pinball loss on the training rows", ge=0),
        },
        ("quantile",),
    ),
    "market_forecasts": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            **FORECAST,
            "quantiles_crossed": Column("bool", "whether the quantiles had to be rearranged"),
        },
        ("session",),
    ),
    "meta_models": Table(
        {
            "rebalance_date": DATE,
            "artifact_sha256": SHA256,
            "n_rows": Column("int64", "labelled forecasts", ge=1),
            "base_rate": Column("float64", "share of past forecasts with the right sign", ge=0, le=1),
        },
        (),
    ),
    "market_signals": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            **FORECAST,
            "meta_prob_success": META_PROBABILITY,
            "market_regime": Column("text", "state of the market", isin=("favorable", "neutral", "unfavorable")),
            "exposure_scalar": Column("float64", "share of the book to invest", ge=0, le=1),
            "is_stale": Column("bool", "whether the signal is older than one session"),
        },
        ("session",),
        may_be_empty=False,
    ),
}
