"""What the rules cost and how positions ended."""

import pandas as pd

from trade_assets.domain.report.events import forecasts
from trade_assets.domain.report.events.tables import KEYS, EventTables

WORDS = {
    "no_model": "No model yet",
    "expected_value": "Expected value below the hurdle",
    "target_to_cost": "Target too small for the cost",
    "size": "Size too small",
    "mock_threshold": "Baseline's threshold",
    "position_open": "Leg already in a position",
    "cooldown": "Cooldown after an exit",
    "turnover_governor": "Turnover governor",
    "drawdown_kill_switch": "Drawdown kill switch",
    "session_loss_stop": "Session loss stop",
    "event": "Entered",
    "no_price": "No price in the next bar",
    "profit": "Profit barrier",
    "loss": "Loss barrier",
    "time": "Time barrier",
    "gap": "Missing bar",
}


def refusals(tables: EventTables) -> pd.DataFrame:
    """What the events a rule refused went on to earn: ``rule, words, n_all, score_bps, size_frac`` and the mean with its interval.

    The first row is of the events that were entered; the rules follow in the order in which they are asked.
    """
    rows = tables.event_trades[tables.event_trades["action"].isin(["block", "lapse", "enter"])]
    scores = tables.event_scores[[*KEYS, "ev_final"]]
    outcomes = tables.event_outcomes[[*KEYS, "net_logret"]]
    joined = rows[[*KEYS, "action", "rule", "size_frac"]].merge(scores, on=KEYS, how="left", validate="many_to_one")
    joined = joined.merge(outcomes, on=KEYS, how="left", validate="many_to_one")
    parts = [
        {
            "rule": rule,
            "words": WORDS.get(str(rule), str(rule)),
            "n_all": len(own),
            "score_bps": 1e4 * own["ev_final"].mean(),
            "size_frac": own["size_frac"].mean() if own["ev_final"].notna().any() else float("nan"),
        }
        | forecasts.limits(forecasts.edge(own))
        for rule, own in joined.groupby("rule")
    ]
    table = pd.DataFrame(parts, columns=["rule", "words", "n_all", "score_bps", "size_frac", *forecasts.LIMITS])
    return _in_order(table, ["event", *WORDS])


def exits(tables: EventTables) -> pd.DataFrame:
    """How positions ended: ``rule, words, n_all, share_positive, gain_frac`` and the mean net return with its interval."""
    rows = tables.event_trades[tables.event_trades["action"] == "exit"]
    groups = [
        ("all", "All exits", rows),
        *((rule, WORDS.get(str(rule), str(rule)), own) for rule, own in rows.groupby("rule")),
    ]
    parts = [
        {
            "rule": rule,
            "words": words,
            "n_all": len(own),
            "share_positive": float((own["net_logret"] > 0).mean()),
            "gain_frac": float(own["gain_frac"].sum()),
        }
        | forecasts.limits(forecasts.edge(own))
        for rule, words, own in groups
        if len(own)
    ]
    columns = ["rule", "words", "n_all", "share_positive", "gain_frac", *forecasts.LIMITS]
    return _in_order(pd.DataFrame(parts, columns=columns), ["all", *WORDS])


def _in_order(table: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    rank = table["rule"].map(lambda rule: order.index(rule) if rule in order else len(order))
    return table.assign(rank=rank).sort_values(["rank", "rule"], ignore_index=True).drop(columns="rank")
