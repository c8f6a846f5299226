"""How numbers and dates are written on a page."""

import numpy as np
import pandas as pd

UNDEFINED = "–"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
HEAT_STEPS = (0.01, 0.03, 0.06)


def percent(value: float, digits: int = 1) -> str:
    """``0.123`` as 12.3%; a dash where undefined."""
    return _written(value, f"{{:.{digits}%}}")


def signed_percent(value: float, digits: int = 1) -> str:
    """``0.123`` as +12.3%."""
    return _written(value, f"{{:+.{digits}%}}")


def ratio(value: float, digits: int = 2) -> str:
    """``1.234`` as 1.23."""
    return _written(value, f"{{:.{digits}f}}")


def usd(value: float, digits: int = 0) -> str:
    """``1234.5`` as $1,234."""
    return _written(value, f"${{:,.{digits}f}}")


def shares(value: float) -> str:
    """Whole shares as they are, fractions with up to four digits."""
    return _written(value, "{:,.0f}" if value == round(value) else "{:,.4f}")


def bps(value: float, digits: int = 1) -> str:
    """``12.34`` as +12.3."""
    return _written(value, f"{{:+.{digits}f}}")


def count(value: float) -> str:
    """``1234.0`` as 1,234."""
    return _written(value, "{:,.0f}")


def in_unit(value: float, unit: str) -> str:
    """A number as its unit asks for."""
    return UNITS[unit](value)


def instant(moment: pd.Timestamp) -> str:
    """An instant as 2018-12-17 21:00 UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def day(date: pd.Timestamp) -> str:
    """A date as 17 December 2018."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def heat(value: float) -> str:
    """CSS class of a monthly return: its sign and how large it is."""
    if not np.isfinite(value) or value == 0:
        return ""
    step = int(np.searchsorted(HEAT_STEPS, abs(value), side="right"))
    return f"{'gain' if value > 0 else 'loss'}{step}"


def _written(value: float, form: str) -> str:
    if value is None or not np.isfinite(value):
        return UNDEFINED
    text = form.format(value).replace("$-", "-$")
    return text.replace("-", "−" if any(digit in text for digit in "123456789") else "")


UNITS = {
    "frac": percent,
    "frac0": lambda value: percent(value, 0),
    "frac2": lambda value: percent(value, 2),
    "frac3": lambda value: percent(value, 3),
    "ratio": ratio,
    "one": lambda value: ratio(value, 1),
    "ratio3": lambda value: ratio(value, 3),
    "bps": bps,
    "bps2": lambda value: bps(value, 2),
    "plain_bps": ratio,
    "count": count,
    "usd": usd,
    "usd2": lambda value: usd(value, 2),
}
FILTERS = (percent, signed_percent, ratio, usd, shares, bps, count, in_unit, instant, day, heat)
