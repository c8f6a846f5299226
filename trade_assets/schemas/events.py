"""The event engine: bar features, events, outcomes, models, scores, the book; and what its search found."""

from trade_assets.domain.events.bar_features import BAR_FEATURES
from trade_assets.schemas.columns import DATE, MODEL, SESSION, SHA256, TICKER, Column, Table
from trade_assets.schemas.tuning import PARAMETERS, TRIALS

DECIDED = Column("instant", "close of the bar the event was decided at")
LEG = TICKER
SIDE = Column("int64", "1 long, -1 short", ge=-1, le=1)
BAR_IDX = "bar of the grid, counted from the start of the history"
COST = Column("float64", "cost of a round trip, log return", ge=0)
RETRAIN = Column("date", "rebalance date the models were fitted as of")
ROWS_SHA256 = Column("text", "hash of the rows", pattern=r"^[0-9a-f]{64}$")
EVENT = ("decision_utc", "symbol", "side")
RULES = (
    "no_model", "expected_value", "target_to_cost", "size", "mock_threshold", "position_open", "cooldown",
    "turnover_governor", "drawdown_kill_switch", "session_loss_stop",
    "event", "no_price", "profit", "loss", "time", "gap",
)  # fmt: skip


def _probability(of: str) -> Column:
    return Column("float64", of, ge=0, le=1)


def _maybe(description: str, ge: float | None = None, le: float | None = None) -> Column:
    return Column("float64", description, nullable=True, ge=ge, le=le)


BOOK = {
    "rebalance_date": DATE,
    "session": SESSION,
    "symbol": LEG,
    "return_frac": Column("float64", "return of the leg's capital, net of costs", ge=-1),
    "position_frac": Column("float64", "position after the close, share of the leg's capital, short below 0"),
    "turnover_frac": Column("float64", "value bought and sold, share of the leg's capital", ge=0),
    "cost_frac": Column("float64", "costs of the fills, share of the leg's capital", ge=0),
    "n_entries": Column("int64", "positions opened", ge=0),
    "n_exits": Column("int64", "positions closed", ge=0),
    "net_logret": Column("float64", "sum over the exits of their net log returns"),
    "book_return_frac": Column("float64", "mean of the legs' returns", ge=-1),
    "book_equity": Column("float64", "value of the book after the close; 1 at the start", gt=0),
    "book_drawdown": Column("float64", "fall from the peak since the last re-arming", le=0),
    "is_killed": Column("bool", "whether the drawdown stop holds the book flat"),
    "is_session_stopped": Column("bool", "whether the loss stop ended the session"),
    "capital": Column("float64", "state: capital of the leg, 1 at the start", gt=0),
    "turnover_left": Column("float64", "state: turnover the governor still allows", ge=0),
    "cooldown_left": Column("int64", "state: bars until the leg may be entered", ge=0),
    "closing": Column("text", "state: the rule that wants the position closed", nullable=True),
    "is_ordered": Column("bool", "state: whether an entry waits for the next bar"),
    "order_decision_utc": Column("instant", "state: the event ordered or held", nullable=True),
    "order_side": Column("int64", "state: its side; 0 for none", ge=-1, le=1),
    "order_size_frac": _maybe("state: its size", 0),
    "order_target": _maybe("state: its profit barrier", 0),
    "order_stop": _maybe("state: its loss barrier", 0),
    "order_cost_rt": _maybe("state: its round-trip cost", 0),
    "position_notional": _maybe("state: value at the fill", 0),
    "position_base": _maybe("state: capital after the fill", 0),
    "position_level": _maybe("state: log level since the fill, in the trade's direction"),
    "position_bars_held": Column("int64", "state: bars since the fill", ge=0),
    "book_peak": Column("float64", "state: peak the drawdown counts from", gt=0),
    "kill_sessions_left": Column("int64", "state: sessions until the drawdown stop re-arms", ge=0),
}

TUNING: dict[str, Table] = {"tuned_parameters": PARAMETERS, "trials": TRIALS}

EVENTS: dict[str, Table] = {
    "bar_features": Table(
        {
            "rebalance_date": DATE,
            "bar_end_utc": Column("instant", "end of the bar"),
            "symbol": LEG,
            "session": SESSION,
            "t_idx": Column("int64", BAR_IDX, ge=0),
            "volatility": _maybe("trailing volatility of a bar, log return; null while history is short", 0),
            "cusum_direction": Column("int64", "1 and -1 where an event was found, else 0", ge=-1, le=1),
            "cusum_up": Column("float64", "state: running upward sum, log return", ge=0),
            "cusum_down": Column("float64", "state: running downward sum, log return", le=0),
            **{
                name: Column("float32", "feature, see trade_assets/domain/events/bar_features.py", nullable=True)
                for name in BAR_FEATURES
            },
        },
        ("bar_end_utc", "symbol"),
    ),
    "events": Table(
        {
            "rebalance_date": DATE,
            "decision_utc": DECIDED,
            "symbol": LEG,
            "side": SIDE,
            "session": SESSION,
            "cusum_direction": Column("int64", "direction of the move that made the event", ge=-1, le=1),
            "t_idx": Column("int64", BAR_IDX, ge=0),
            "entry_idx": Column("int64", "bar of the fill", ge=0),
            "entry_utc": Column("instant", "fill: open of the next bar where opens are real, else its close", may_lie_ahead=True),
            "exit_horizon_utc": Column("instant", "close of the last bar the position may be held in", may_lie_ahead=True),
            "entry_overnight": Column("bool", "whether a close lies between decision and fill"),
            "volatility": Column("float64", "trailing volatility of a bar, log return", gt=0),
            "a_tp": Column("float64", "profit barrier, log return", gt=0),
            "b_sl": Column("float64", "loss barrier, log return", gt=0),
            "cost_rt": COST,
            "tp_to_cost": Column("float64", "profit barrier in round-trip costs", gt=0),
        },
        EVENT,
    ),
    "event_outcomes": Table(
        {
            "rebalance_date": DATE,
            "decision_utc": DECIDED,
            "symbol": LEG,
            "side": SIDE,
            "t_idx": Column("int64", BAR_IDX, ge=0),
            "entry_idx": Column("int64", "bar of the fill", ge=0),
            "entry_utc": Column("instant", "fill"),
            "label_end_idx": Column("int64", "bar of the exit", ge=0),
            "label_end_utc": Column("instant", "end of the bar of the exit; the outcome is known then"),
            "barrier": Column("text", "what ended it", isin=("profit", "loss", "time", "gap", "unfilled")),
            "gross_logret": _maybe("log return in the direction of the trade; null where unfilled"),
            "net_logret": _maybe("the same less the round-trip cost"),
            "y": _maybe("1 where the net return is positive, else 0", 0, 1),
            "uniqueness": _maybe("mean over the label's bars of one over the labels open there", 0, 1),
        },
        EVENT,
    ),
    "event_fold_manifest": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": RETRAIN,
            "fold": Column("text", "inner_1, inner_2, … or final"),
            "train_from_utc": Column("instant", "training events were decided after this"),
            "calibrate_from_utc": Column("instant", "and by this; calibration events after it"),
            "known_by_utc": Column("instant", "labels of the calibration block ended by this"),
            "test_from_utc": Column("instant", "test events are decided after this"),
            "test_to_utc": Column("instant", "and by this; null for a fold without a test", nullable=True, may_lie_ahead=True),
            "embargo_bars": Column("int64", "bars between the last label of a block and the next block", ge=0),
            "n_train_rows": Column("int64", "events", ge=0),
            "n_calibration_rows": Column("int64", "events", ge=0),
            "n_test_rows": Column("int64", "events; those of the final test lie ahead", ge=0),
            "n_purged_rows": Column("int64", "events left out because their label reaches into the next block", ge=0),
            "train_sha256": ROWS_SHA256,
            "calibration_sha256": ROWS_SHA256,
            "test_sha256": ROWS_SHA256,
        },
        ("fold",),
    ),
    "calibrated_models": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": RETRAIN,
            "model": MODEL,
            "artifact_sha256": SHA256,
            "calibrator_sha256": Column("text", "sha256 of the calibrator", nullable=True, pattern=r"^[0-9a-f]{64}$"),
            "calibration_method": Column("text", "how probabilities are calibrated", nullable=True, isin=("none", "platt", "isotonic")),
            "parameters": Column("text", "what was fitted, a JSON object"),
            "n_train_rows": Column("int64", "training events", ge=0),
            "n_calibration_rows": Column("int64", "events of the calibration block", ge=0),
            "brier_before": _maybe("Brier score on the block, before calibration", 0, 1),
            "brier_after": _maybe("and after, on the rows that calibrated", 0, 1),
            "ece_before": _maybe("expected calibration error on the block, before calibration", 0, 1),
            "ece_after": _maybe("and after, on the rows that calibrated", 0, 1),
            "crossing_rate": _maybe("share of events whose quantiles had to be rearranged", 0, 1),
            "contributions": Column("text", "mean absolute contribution of each feature, log odds, a JSON object", nullable=True),
            "w_struct": Column("float64", "weight of ev_struct in the score, from the inner folds", ge=0, le=1),
            "mock_threshold": _maybe("least linear score the baseline trades, from the inner folds; null where it trades nothing"),
        },
        ("model",),
    ),
    "event_scores": Table(
        {
            "rebalance_date": DATE,
            "decision_utc": DECIDED,
            "symbol": LEG,
            "side": SIDE,
            "retrain_date": RETRAIN,
            "raw_p_logistic": _probability("probability before calibration"),
            "raw_p_lightgbm": _probability("probability before calibration"),
            "p_logistic": _probability("calibrated probability"),
            "p_lightgbm": _probability("calibrated probability"),
            "ev_ridge": Column("float64", "expected net log return"),
            "ev_elastic_net": Column("float64", "expected net log return"),
            "q10": Column("float64", "10 % quantile of the net log return"),
            "q50": Column("float64", "median of the net log return"),
            "q90": Column("float64", "90 % quantile of the net log return"),
            "quantiles_crossed": Column("bool", "whether the quantiles had to be rearranged"),
            "p": _probability("the calibrated probability in use"),
            "ev_struct": Column("float64", "p a_tp - (1 - p) b_sl - cost_rt"),
            "ev_ml": Column("float64", "the expected net log return in use"),
            "w_struct": Column("float64", "weight of ev_struct", ge=0, le=1),
            "ev_final": Column("float64", "w ev_struct + (1 - w) ev_ml"),
            "hurdle": Column("float64", "k cost_rt, more where the entry lies overnight", ge=0),
            "passes_ev": Column("bool", "whether ev_final exceeds the hurdle"),
            "passes_tp_to_cost": Column("bool", "whether tp_to_cost reaches phi"),
            "mock_score": Column("float64", "linear score of the baseline"),
            "passes_mock": Column("bool", "whether it reaches the baseline's threshold"),
        },
        EVENT,
    ),
    "event_bands": Table(
        {
            "rebalance_date": DATE,
            "decision_utc": DECIDED,
            "symbol": LEG,
            "side": SIDE,
            "low": Column("float64", "lower end of the conformal band of the net log return"),
            "high": Column("float64", "upper end"),
            "miss_rate": Column("float64", "miss rate the band aims at, adapted to its past misses", ge=0, le=1),
            "n_known": Column("int64", "known events it learned from", ge=0),
        },
        EVENT,
    ),
    "event_book": Table(BOOK, ("session", "symbol")),
    "mock_event_book": Table(BOOK, ("session", "symbol")),
    "event_trades": Table(
        {
            "rebalance_date": DATE,
            "bar_end_utc": Column("instant", "bar of the fill or of the decision"),
            "symbol": LEG,
            "action": Column("text", "what was done", isin=("order", "block", "enter", "exit", "lapse")),
            "decision_utc": DECIDED,
            "side": SIDE,
            "rule": Column("text", "why", isin=RULES),
            "size_frac": Column("float64", "share of the leg's capital", ge=0),
            "level_logret": _maybe("log return at the exit, in the trade's direction"),
            "net_logret": _maybe("the same less the round-trip cost"),
            "gain_frac": Column("float64", "gain of an exit after all costs, share of the leg's capital at the last close"),
            "cost_frac": Column("float64", "cost of the fill, share of the leg's capital at the last close", ge=0),
            "kelly_p": _maybe("Kelly's bet by the probability", 0),
            "kelly_ev": _maybe("Kelly's bet by the expected value", 0),
            "capped_frac": _maybe("share of the smaller one, capped", 0),
            "volatility_cap_frac": _maybe("largest position the volatility target allows", 0),
            "haircut": _maybe("what an overnight entry leaves of the size", 0, 1),
        },
        ("bar_end_utc", "symbol", "action", "decision_utc", "side"),
    ),
    "event_performance": Table(
        {
            "rebalance_date": DATE,
            "window": Column("text", "sessions measured; state holds what since_start grows from", isin=("fold", "year", "since_start", "state")),
            "book": Column("text", "whose", isin=("engine", "mock")),
            "metric": Column("text", "name of the metric"),
            "value": Column("float64", "value; null where undefined", nullable=True),
        },
        ("window", "book", "metric"),
    ),
}  # fmt: skip
