"""The allocator: features, what weights were worth, folds, models, weights, and the book they make."""

from trade_assets.domain.allocator.dataset import UTILITIES
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.schemas.columns import DATE, MODEL, SESSION, WEIGHT, Column, Table
from trade_assets.schemas.tuning import PARAMETERS, TRIALS

RETRAIN = Column("date", "rebalance date the models were fitted as of")
ROWS_SHA256 = Column("text", "hash of the rows", pattern=r"^[0-9a-f]{64}$")
SHARE = Column("float64", "share of the NASDAQ leg in what is invested", ge=0, le=1)
SCALE = Column("float64", "share of the capital the rule leaves", ge=0, le=1)
RETURN = Column("float64", "return of the session, net of costs", gt=-1)


def _step(of: str) -> Column:
    return Column("float64", f"share of the NASDAQ leg {of}", ge=0, le=1)


def _day(of: str, *, may_lie_ahead: bool = False) -> Column:
    return Column("date", of, nullable=True, may_lie_ahead=may_lie_ahead)


FEATURE_COLUMNS = {
    name: Column("float32", "feature, see trade_assets/domain/allocator/features.py", nullable=True)
    for name in FEATURES
}

ALLOCATOR: dict[str, Table] = {
    "allocator_features": Table({"rebalance_date": DATE, "session": SESSION, **FEATURE_COLUMNS}, ("session",)),
    "allocator_dataset": Table(
        {
            "rebalance_date": DATE,
            "session": Column("date", "session at whose close the weight is decided"),
            "label_end": Column("date", "session at whose close its utility is known"),
            "drifted_weight": _step("held just before the fill"),
            "chosen_weight": _step("of the highest utility; state of the recursion"),
            "is_corner": Column("bool", "whether the best weight is 0 or 1"),
            "utility_spread": Column("float64", "highest less lowest utility", ge=0),
            **{
                name: Column("float64", "utility of the weight named in per cent")
                for name in UTILITIES
            },
            **FEATURE_COLUMNS,
        },
        ("session",),
    ),
    "allocator_trials": TRIALS,
    "allocator_parameters": PARAMETERS,
    "allocator_fold_manifest": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": RETRAIN,
            "fold": Column("text", "inner_1, inner_2, … or final"),
            "train_first": _day("first training session"),
            "train_last": _day("last training session"),
            "train_label_last": _day("session its last utility was known at"),
            "calibration_first": _day("first session of the calibration block; inner folds have none"),
            "calibration_last": _day("last session of the block"),
            "calibration_label_last": _day("session its last utility was known at"),
            "test_after": Column("date", "decisions are tested after this session"),
            "test_first": _day("first test session; those of the final fit lie ahead"),
            "test_last": _day("last test session, or the last on which the final fit is used", may_lie_ahead=True),
            "test_label_last": _day("session the last test utility was known at"),
            "embargo_sessions": Column("int64", "sessions between the last label of a block and the next block", ge=0),
            "n_train_rows": Column("int64", "sessions", ge=0),
            "n_calibration_rows": Column("int64", "sessions", ge=0),
            "n_test_rows": Column("int64", "sessions", ge=0),
            "n_purged_rows": Column("int64", "sessions left out because their label reaches into the next block", ge=0),
            "train_sha256": ROWS_SHA256,
            "calibration_sha256": ROWS_SHA256,
            "test_sha256": ROWS_SHA256,
        },
        ("fold",),
    ),
    "allocator_models": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": RETRAIN,
            "model": MODEL,
            "status": Column("text", "whether it was fitted", isin=("fitted", "skipped: not installed")),
            "artifact_sha256": Column("text", "sha256 of the artifact; null where it was skipped", nullable=True, pattern=r"^[0-9a-f]{64}$"),
            "calibrator_sha256": Column("text", "sha256 of the blend's calibrator", nullable=True, pattern=r"^[0-9a-f]{64}$"),
            "blend_weight": Column("float64", "weight in the blend, by the inner folds", ge=0, le=1),
            "inner_loss": Column("float64", "cross-entropy on the inner folds' tests; null where there is none", nullable=True),
            "details": Column("text", "importances, responses to risk, calibration, a JSON object"),
            "n_train_rows": Column("int64", "training sessions", ge=0),
            "n_calibration_rows": Column("int64", "sessions of the calibration block", ge=0),
            "loss_before": Column("float64", "cross-entropy of the blend on the block, before calibration", nullable=True),
            "loss_after": Column("float64", "and after, on the rows that calibrated", nullable=True),
            "corner_share": Column("float64", "share of training sessions whose best weight is 0 or 1", ge=0, le=1),
        },
        ("model",),
    ),
    "allocation": Table(
        {
            "rebalance_date": DATE,
            "session": Column("date", "session at whose close this is decided; filled at the next close"),
            "has_model": Column("bool", "whether a model chose; without one the weight goes to the middle"),
            "raw_mix": _step("the policy chose"),
            "expected_utility": Column("float64", "of that choice, net of getting there; null without a model", nullable=True),
            "smoothed_mix": _step("after smoothing"),
            "capped_mix": _step("after the daily cap"),
            "clipped_mix": _step("after the clip to [0, 1]"),
            "mix_qqq": _step("after the no-trade band"),
            "drawdown_guard": SCALE,
            "volatility_scale": SCALE,
            "drift_throttle": SCALE,
            "gross": Column("float64", "share of the book that is to be invested", ge=0, le=1 + 1e-9),
            "w_qqq": WEIGHT,
            "w_spy": WEIGHT,
            "cash": WEIGHT,
            "is_traded": Column("bool", "whether anything is to be traded"),
            "return_frac": RETURN,
            "cost_frac": Column("float64", "cost of the session's fill, share of the book", ge=0),
            "turnover": Column("float64", "half the sum of absolute weight changes of the fill, cash included", ge=0),
            "held_qqq": Column("float64", "state: share of the book in the NASDAQ leg after the close", ge=0, le=1 + 1e-9),
            "held_spy": Column("float64", "state: share in the S&P leg", ge=0, le=1 + 1e-9),
            "held_mix": SHARE,
            "equity": Column("float64", "state: value of the book after the close; 1 at the start", gt=0),
            "peak": Column("float64", "state: its highest value so far", gt=0),
        },
        ("session",),
    ),
    "allocated_book": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            "is_judged": Column("bool", "whether a model decided what was held"),
            "return_frac": RETURN,
            "cost_frac": Column("float64", "cost of the fill, share of the book", ge=0),
            "turnover": Column("float64", "half the sum of absolute weight changes, cash included", ge=0),
            "equity": Column("float64", "value after the close; 1 at the start", gt=0),
            "w_qqq": WEIGHT,
            "w_spy": WEIGHT,
            "cash": WEIGHT,
            "engine_return_frac": Column("float64", "return of the event engine alone", ge=-1),
            "half_return_frac": Column("float64", "return of the sleeves in equal parts, rebalanced at every close", ge=-1),
            "qqq_return_frac": Column("float64", "return of the NASDAQ sleeve alone", ge=-1),
            "spy_return_frac": Column("float64", "return of the S&P sleeve alone", ge=-1),
            "best_mix_return_frac": Column("float64", "return of the constant mix that had been best", ge=-1),
            "best_mix_qqq": _step("in that mix"),
            "index_qqq_return_frac": Column("float64", "return of the NASDAQ index held; null without a bar", nullable=True, ge=-1),
            "index_spy_return_frac": Column("float64", "return of the S&P index held; null without a bar", nullable=True, ge=-1),
        },
        ("session",),
    ),
    "allocator_report": Table(
        {
            "rebalance_date": DATE,
            "window": Column("text", "sessions measured; state holds what since_model grows from", isin=("fold", "year", "since_model", "state")),
            "book": Column("text", "whose", isin=("allocated", "engine", "half", "qqq", "spy", "best_mix", "index_qqq", "index_spy")),
            "metric": Column("text", "name of the metric"),
            "value": Column("float64", "value; null where undefined", nullable=True),
        },
        ("window", "book", "metric"),
    ),
}  # fmt: skip
