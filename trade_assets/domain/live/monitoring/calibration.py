"""The event engine's probabilities against what came of them, and a calibrator refitted every week as a shadow (F-04)."""

import numpy as np
import pandas as pd

from trade_assets.domain.live.monitoring import OK, Reading
from trade_assets.domain.models import calibration


def readings(
    judged: pd.DataFrame, *, recent: int, isotonic_from_rows: int, min_rows: int, prior_rows: float, is_refit_day: bool
) -> list[Reading]:
    """Brier score of the newest known events by the calibrator in force, and by one fitted on the events before them.

    The shadow is never used: what it would say is told, and the models of the next rebalance bring their own.

    Parameters
    ----------
    judged : DataFrame
        Scored events with a known outcome: ``label_end_utc, p, raw_p, y``.
    recent : int
        Newest events judged.
    isotonic_from_rows, min_rows, prior_rows : as the engine's own calibrators
    is_refit_day : bool
        Whether this is the session of the week at which the shadow is fitted.
    """
    ordered = judged.sort_values(["label_end_utc", "symbol"], kind="stable")
    if len(ordered) < 2 * recent:
        told = f"Calibration is not judged yet: {len(ordered)} events have ended, {2 * recent} are needed."
        return [Reading("calibration", "brier", float("nan"), len(ordered), OK, told)]
    before, own = ordered.iloc[:-recent], ordered.iloc[-recent:]
    y, p = own["y"].to_numpy(dtype=float), own["p"].to_numpy(dtype=float)
    in_force = float(np.mean((p - y) ** 2))
    gap = float(p.mean() - y.mean())
    found = [
        Reading("calibration", "brier", in_force, recent, OK, f"Brier score of the last {recent} events {in_force:.3f}; a coin's is 0.250."),
        Reading("calibration", "gap", gap, recent, OK, f"They were given {p.mean():.0%} on average, {y.mean():.0%} came true."),
    ]  # fmt: skip
    if is_refit_day:
        text = calibration.fit_calibrator(
            before["raw_p"].to_numpy(dtype=float), before["y"].to_numpy(dtype=float),
            isotonic_from_rows=isotonic_from_rows, min_rows=min_rows, prior_rows=prior_rows,
        )  # fmt: skip
        shadow = calibration.read_calibrator(text)(own["raw_p"].to_numpy(dtype=float))
        score = float(np.mean((shadow - y) ** 2))
        better = "better" if score < in_force else "no better"
        told = f"Recalibrated this week on {len(before)} events, the same would score {score:.3f}: {better}. Shown only; the next rebalance brings its own."
        found.append(Reading("calibration", "brier_recalibrated", score, recent, OK, told))
    return found
