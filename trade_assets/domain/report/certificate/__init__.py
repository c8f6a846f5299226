"""The certificate of a proof: what was rebuilt, what came of it, and how to check it again."""

from collections.abc import Mapping, Sequence

import pandas as pd

from trade_assets.domain.report.certificate.findings import Certificate, Failure, find
from trade_assets.domain.report.page import render

__all__ = ["Certificate", "Failure", "certificate", "find"]


def certificate(
    rebuilt: pd.DataFrame, failures: Sequence[Failure], *, meanings: Mapping[str, str], facts: Mapping[str, str]
) -> str:
    """One self-contained page.

    Parameters
    ----------
    rebuilt : DataFrame
        One row an artifact that was rebuilt: ``variation``, ``key``, ``asset``, ``sha256`` (of what was rebuilt) and
        ``is_same``, whether the store has it too.
    failures : sequence of Failure
        What differed or could not be rebuilt.
    meanings : mapping
        Variation to what was different in it, in order.
    facts : mapping
        What it was proven of, label to text, in order.

    Returns
    -------
    str
        HTML. Same arguments, same bytes.
    """
    page = {"own": find(rebuilt, failures, meanings), "facts": dict(facts)}
    return render("certificate/certificate.html.j2", page, [], [])
