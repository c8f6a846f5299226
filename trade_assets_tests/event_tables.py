"""A made-up history of the event engine, small and complete: the tables its report reads."""

import json

import numpy as np
import pandas as pd

from trade_assets.domain.events import record
from trade_assets.domain.report.events import EventTables, Terms

LEGS = ("AAA", "BBB")
KEYS = ["decision_utc", "symbol", "side"]
TERMS = Terms(
    capital_usd=10_000.0, horizon_bars=10, probability="net", classifier="lightgbm", band_miss_rate=0.2, drawdown_warn=0.10,
    drawdown_stop=0.12, min_trades_per_month=5.0, opens_are_real=False, legs=(("qqq", "AAA"), ("spy", "SPY")),
)  # fmt: skip


def made(n: int = 400, *, seed: int = 0, first_model: int = 60) -> EventTables:
    """Tables over ``n`` sessions; events before the session ``first_model`` have no model."""
    rng = np.random.default_rng(seed)
    sessions = pd.bdate_range("2015-01-02", periods=n).as_unit("us")
    dates = sessions[np.minimum(np.arange(n) // 10 * 10 + 9, n - 1)]
    events = _events(rng, sessions, dates)
    known, scored = events.iloc[:-4], events[events["t_idx"] >= first_model]
    scores = _scores(rng, scored)
    book = _book(rng, sessions, dates, first_model)
    mock = _book(rng, sessions, dates, first_model)
    return EventTables(
        events=events,
        event_outcomes=_outcomes(rng, known),
        event_scores=scores,
        event_bands=scores[["rebalance_date", *KEYS]].assign(low=-0.03, high=0.03, miss_rate=0.2, n_known=50),
        calibrated_models=_models(dates.unique()),
        tuned_parameters=_parameters(dates.unique()),
        event_book=book,
        mock_event_book=mock,
        event_trades=_trades(events, scores),
        event_performance=_performance(book, mock),
        index_bars=pd.DataFrame(
            {"bar_end_utc": _close(sessions[[-1, -1]]), "symbol": list(LEGS), "close": [100.0, 200.0]}
        ),
    )


def _close(sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return sessions.tz_localize("UTC") + pd.Timedelta(hours=21)


def _events(rng, sessions, dates) -> pd.DataFrame:
    at = np.arange(1, len(sessions), 2)
    parts = [
        pd.DataFrame(
            {
                "rebalance_date": dates[at], "decision_utc": _close(sessions[at]), "symbol": symbol, "side": 1,
                "session": sessions[at], "t_idx": at, "entry_overnight": True, "volatility": 0.01, "a_tp": 0.03,
                "b_sl": 0.03, "cost_rt": rng.uniform(0.0005, 0.001, len(at)), "tp_to_cost": 30.0,
            }
        )
        for symbol in LEGS
    ]  # fmt: skip
    return pd.concat(parts).sort_values(KEYS, ignore_index=True)


def _outcomes(rng, events) -> pd.DataFrame:
    barrier = rng.choice(["profit", "loss", "time"], len(events))
    net = np.select([barrier == "profit", barrier == "loss"], [0.029, -0.031], rng.normal(0, 0.01, len(events)))
    return events[["rebalance_date", *KEYS]].assign(
        label_end_utc=events["decision_utc"] + pd.Timedelta(days=9), barrier=barrier, gross_logret=net + 0.001,
        net_logret=net, y=(net > 0).astype(float), uniqueness=0.3,
    )  # fmt: skip


def _scores(rng, events) -> pd.DataFrame:
    p, raw = rng.uniform(0.02, 0.98, len(events)), rng.uniform(0.02, 0.98, len(events))
    ev = rng.normal(0, 0.005, len(events))
    return events[["rebalance_date", *KEYS]].assign(
        retrain_date=events["rebalance_date"], raw_p_logistic=raw, raw_p_lightgbm=raw, p_logistic=p, p_lightgbm=p, p=p,
        q10=-0.02, q50=0.0, q90=0.02, quantiles_crossed=False, ev_final=ev, hurdle=0.001, passes_ev=ev > 0.001,
        passes_tp_to_cost=True,
    )  # fmt: skip


def _book(rng, sessions, dates, first_model) -> pd.DataFrame:
    n = len(sessions)
    live = np.arange(n) >= first_model
    own = {s: np.where(live, rng.normal(0.0003, 0.003, n), 0.0) for s in LEGS}
    mean = sum(own.values()) / len(LEGS)
    equity = np.cumprod(1 + mean)
    parts = [
        pd.DataFrame(
            {
                "rebalance_date": dates, "session": sessions, "symbol": s, "return_frac": own[s],
                "position_frac": np.where(live, 0.3, 0.0), "turnover_frac": np.where(live, 0.1, 0.0),
                "cost_frac": np.where(live, 1e-5, 0.0), "n_entries": (live & (np.arange(n) % 9 == 0)).astype(int),
                "n_exits": (live & (np.arange(n) % 9 == 5)).astype(int),
                "net_logret": np.where(live & (np.arange(n) % 9 == 5), rng.normal(0, 0.02, n), 0.0),
                "book_return_frac": mean, "book_equity": equity, "is_killed": False, "is_session_stopped": False,
                "book_drawdown": np.minimum(equity / np.maximum.accumulate(np.maximum(equity, 1.0)) - 1, 0.0),
                "capital": np.cumprod(1 + own[s]), "turnover_left": 5.0, "cooldown_left": 0, "closing": None,
                "is_ordered": s == LEGS[1], "order_decision_utc": _close(sessions[[-5] * n]), "order_side": 1,
                "order_size_frac": 0.25, "order_target": 0.05, "order_stop": 0.04, "order_cost_rt": 0.001,
                "position_notional": 0.3, "position_base": 1.0, "position_level": 0.01, "position_bars_held": 4,
                "book_peak": np.maximum.accumulate(np.maximum(equity, 1.0)), "kill_sessions_left": 0,
            }
        )
        for s in LEGS
    ]  # fmt: skip
    return pd.concat(parts).sort_values(["session", "symbol"], ignore_index=True)


def _trades(events, scores) -> pd.DataFrame:
    rows = events.merge(scores[[*KEYS, "ev_final", "passes_ev"]], on=KEYS, how="left")
    place = np.arange(len(rows))
    rule = np.select(
        [rows["ev_final"].isna(), ~rows["passes_ev"].eq(True), place % 3 == 0], ["no_model", "expected_value", "event"], "position_open"
    )  # fmt: skip
    log = rows[["rebalance_date", *KEYS]].assign(
        bar_end_utc=rows["decision_utc"], action=np.where(rule == "event", "enter", "block"), rule=rule, size_frac=0.3,
        level_logret=np.nan, net_logret=np.nan, gain_frac=0.0, cost_frac=0.0,
    )  # fmt: skip
    done = log[log["action"] == "enter"]
    net = np.resize([0.029, -0.031, 0.004], len(done))
    exits = done.assign(action="exit", rule=np.resize(["profit", "loss", "time"], len(done)), net_logret=net, gain_frac=0.3 * net, bar_end_utc=done["decision_utc"] + pd.Timedelta(days=3))  # fmt: skip
    return pd.concat([log, exits], ignore_index=True)


def _models(dates) -> pd.DataFrame:
    told = json.dumps({"autocorrelation_63": 0.3, "bar_range": 0.1, "move_1": 0.0})
    names = ("elastic_net", "lightgbm", "logistic", "quantile_10", "quantile_50", "quantile_90", "ridge")
    rows = [
        {
            "rebalance_date": date, "retrain_date": date, "model": name, "artifact_sha256": f"{place}" * 64,
            "calibrator_sha256": "c" * 64 if name in ("lightgbm", "logistic") else None,
            "calibration_method": "platt" if name in ("lightgbm", "logistic") else None,
            "parameters": json.dumps({"alpha": 0.3}), "n_train_rows": 400, "n_calibration_rows": 40,
            "brier_before": 0.26 if name == "lightgbm" else np.nan, "brier_after": 0.24 if name == "lightgbm" else np.nan,
            "ece_before": 0.1 if name == "lightgbm" else np.nan, "ece_after": 0.05 if name == "lightgbm" else np.nan,
            "crossing_rate": 0.01 if "quantile" in name else np.nan, "contributions": told if name == "lightgbm" else None,
            "w_struct": 0.4, "mock_threshold": np.nan,
        }
        for date in dates
        for place, name in enumerate(names)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _parameters(dates) -> pd.DataFrame:
    rows = [
        {"rebalance_date": date, "study": "events", "parameter": name, "value": value, "source": source, "search_date": search}
        for date in dates
        for name, value, source, search in (("k", 1.5, "search", dates[0]), ("phi", 2.0, "settings", pd.NaT))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _performance(book, mock, year: int = 26) -> pd.DataFrame:
    daily = {"engine": record.sessions(book), "mock": record.sessions(mock)}
    dates = daily["engine"]["rebalance_date"].unique()
    rows = []
    for place, date in enumerate(dates):
        spans = {"fold": date, "since_start": dates[0]} | (
            {"year": dates[place - year + 1]} if place >= year - 1 else {}
        )
        for window, first in spans.items():
            for name, of in daily.items():
                told = dict(
                    record.book_metrics(of[of["rebalance_date"].between(first, date)], is_long=window != "fold")
                )
                if window == "fold" and name == "engine":
                    told |= {"n_events": 10.0, "brier": 0.26}
                if window == "since_start":
                    told |= {"n_catastrophic_folds": float(name == "engine" and place >= 20)}
                rows += [(date, window, name, metric, value) for metric, value in told.items()]
    return pd.DataFrame(rows, columns=["rebalance_date", "window", "book", "metric", "value"])
