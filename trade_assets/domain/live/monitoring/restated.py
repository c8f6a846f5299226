"""What the vendor has restated of sealed sessions since the session before, and what that would have changed."""

from trade_assets.domain.live.monitoring import OK, WARN, Reading

ASK = "trade-assets restated says which decisions would change."


def readings(values: int, decisions: int | None) -> list[Reading]:
    """Values that were restated, and decisions they would change; None where nobody has asked.

    Parameters
    ----------
    values : int
        Values of sealed sessions the source was seen to restate.
    decisions : int or None
    """
    if not values:
        return [Reading("restated", "values", 0.0, 0, OK, "No value of a sealed session was seen to be restated.")]
    told = f"The vendor has restated {values} value{'s' if values != 1 else ''} of sealed sessions"
    if decisions is None:
        change = f". {ASK}"
    else:
        change = f"; {decisions or 'no'} decision{'s' if decisions > 1 else ''} would change."
    return [Reading("restated", "values", float(values), values, WARN, f"{told}{change}")]
