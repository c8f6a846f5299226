"""How much error probability each look at the evidence may use.

Who tests at 5 % every quarter promotes a worthless model sooner or later. So the total is fixed once, and a
look gets what has accrued since the last one. The share of a look is the level of its test; by the union
bound the chance of any false promotion over all time is below the total, however the looks depend on
one another.
"""


def spent(n: int, *, first: int, alpha: float) -> float:
    """Error probability that may have been used after ``n`` out-of-sample periods.

    ``A(n) = alpha (1 - first / (2 n))`` from ``n = first`` on, zero before: half at the first look, the rest as
    evidence accrues, never all of it.

    Parameters
    ----------
    n : int, >= 0
        Out-of-sample periods so far.
    first : int, >= 1
        Periods from which a promotion is possible.
    alpha : float, in (0, 1)
        The total over all time.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    References
    ----------
    Lan and DeMets, "Discrete Sequential Boundaries for Clinical Trials", *Biometrika* 70(3), 1983: any
    increasing function of the information may be spent. This one is ours; it needs no last look.
    """
    if n < 0:
        raise ValueError(f"n must be >= 0, was {n}")
    if first < 1:
        raise ValueError(f"first must be >= 1, was {first}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie in (0, 1), was {alpha}")
    return alpha * (1.0 - first / (2.0 * n)) if n >= first else 0.0


def at_look(n: int, before: int | None, *, first: int, alpha: float) -> float:
    """What the look at ``n`` periods may use: ``A(n) - A(before)``.

    Parameters
    ----------
    n : int
        Periods at this look.
    before : int or None
        Periods at the look before, whatever came of it; None at the first. A second look at the same data
        gets nothing.

    Raises
    ------
    ValueError
        If ``before`` exceeds ``n``.
    """
    used = 0.0 if before is None else spent(before, first=first, alpha=alpha)
    if before is not None and before > n:
        raise ValueError(f"before must be <= n, was {before} and {n}")
    return spent(n, first=first, alpha=alpha) - used
