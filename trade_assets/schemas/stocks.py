"""Features, outcomes, folds, models and scores of the stocks."""

from dataclasses import replace

from trade_assets.domain.features import FEATURES
from trade_assets.schemas.columns import DATE, MODEL, SHA256, TICKER, Column, Table
from trade_assets.schemas.tuning import PARAMETERS, TRIALS

STOCKS: dict[str, Table] = {
    "stock_features": Table(
        {"rebalance_date": DATE, "symbol": TICKER}
        | {name: Column("float32", "feature, see trade_assets/domain/features", nullable=True) for name in FEATURES},
        ("symbol",),
    ),
    "stock_outcomes": Table(
        {
            "rebalance_date": DATE,
            "feature_date": Column("date", "rebalance date the outcome is measured from"),
            "symbol": TICKER,
            "return_frac": Column("float64", "total return from feature_date to rebalance_date", ge=-1),
            "return_5_frac": Column("float64", "total return of the first five sessions", nullable=True, ge=-1),
            "target": Column("float64", "rank of the return among the members, centred, -0.5 to 0.5", ge=-0.5, le=0.5),
            "is_delisted": Column("bool", "whether the last bar lies before the rebalance date"),
            "in_blackout": Column("bool", "whether the row lies in an earnings blackout"),
        },
        ("symbol",),
    ),
    "stock_fold_manifest": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": Column("date", "rebalance date the folds were made as of"),
            "fold": Column("text", "inner_1, inner_2, … or final"),
            "train_first": Column("date", "first feature date of the training rows"),
            "train_last": Column("date", "last feature date of the training rows"),
            "test_first": Column("date", "first feature date of the test rows; of the final fit, the next decision"),
            "test_last": Column("date", "last feature date of the test rows"),
            "embargo_sessions": Column(
                "int64", "sessions between the last training label and the first test decision", ge=0
            ),
            "n_train_rows": Column("int64", "rows", ge=0),
            "n_purged_rows": Column("int64", "rows left out because their label ends too late", ge=0),
            "n_test_rows": Column("int64", "rows", ge=0),
            "train_sha256": Column("text", "hash of the training rows", pattern=r"^[0-9a-f]{64}$"),
            "test_sha256": Column("text", "hash of the test rows", pattern=r"^[0-9a-f]{64}$"),
            "features": Column("text", "names of the features used, a JSON list"),
        },
        ("fold",),
    ),
    "base_models": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": Column("date", "rebalance date the model was fitted as of"),
            "model": MODEL,
            "algorithm": Column("text", "what was fitted"),
            "status": Column("text", "whether it was", isin=("fitted", "skipped: not installed")),
            "artifact_sha256": replace(SHA256, nullable=True),
            "parameters": Column("text", "what was fitted, a JSON object"),
            "n_rows": Column("int64", "training rows of the final fit", ge=1),
            "inner_rank_ic": Column(
                "float64", "mean rank information coefficient on the inner folds", nullable=True, ge=-1, le=1
            ),
            "inner_folds": Column("text", "rank information coefficient of each inner fold, a JSON object"),
        },
        ("model",),
    ),
    "base_predictions": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "symbol": TICKER,
            "prediction": Column("float64", "score, higher is better"),
        },
        ("model", "symbol"),
    ),
    "stack_models": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": Column("date", "rebalance date the stack was fitted as of"),
            "stack": Column("text", "candidate made of the models"),
            "model": MODEL,
            "coefficient": Column("float64", "weight of the base model's rank", ge=0),
            "method": Column("text", "how the weights came about", isin=("ridge", "top_ic", "equal_weights")),
            "n_rows": Column("int64", "past predictions with a known outcome", ge=0),
        },
        ("stack", "model"),
    ),
    "stock_predictions": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "symbol": TICKER,
            "prediction": Column("float64", "score, higher is better"),
        },
        ("model", "symbol"),
    ),
    "stock_trials": TRIALS,
    "stock_parameters": PARAMETERS,
}
