"""Asking a vendor that may be slow, busy or gone: five tries, longer and longer pauses, then an error with a name."""

from collections.abc import Callable

TRIES = 5
FIRST_PAUSE_SECONDS = 2.0  # doubled from one pause to the next
SILENT_SYMBOLS = 10  # that many failures and no answer: the rest of the round would fail as well
QUOTED_ANSWERS = 5


class VendorError(OSError):
    """A vendor that did not answer, or not with what was asked."""


def ask_all(
    ask: Callable[[str], None],
    symbols: list[str],
    *,
    source: str,
    asked: str,
    failures: tuple[type[Exception], ...],
    sleep: Callable[[float], None],
) -> None:
    """Call ``ask`` for each symbol until it has answered, at most five times.

    The failed ones are asked again in rounds, so that a vendor that is down costs four pauses, not four a symbol.

    Parameters
    ----------
    ask : callable
        Asks for one symbol and keeps the answer; raises one of ``failures`` where there is none.
    symbols : list of str
    source, asked : str
        Who was asked, and for what, for the message.
    failures : tuple of exception types
        What counts as no answer; anything else is a bug, and passes.
    sleep : callable
        Waits the given seconds.

    Raises
    ------
    VendorError
        If symbols are still without an answer; the message names each, and what the vendor said.
    """
    pending, said = list(symbols), {}
    for attempt in range(TRIES):
        if attempt:
            sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        answered, failed = _round(ask, pending, failures)
        said |= failed
        untried = [symbol for symbol in pending if symbol not in answered and symbol not in failed]
        pending = [*untried, *failed]
        if not pending:
            return
    missing = [symbol for symbol in symbols if symbol in pending]
    quoted = [f"{symbol}: {said[symbol]}" for symbol in missing if symbol in said][:QUOTED_ANSWERS]
    raise VendorError(
        f"{source} source: {asked} are missing for {len(missing)} of {len(symbols)} symbols after {TRIES} rounds: "
        f"{', '.join(missing)}. It said: {'; '.join(quoted)}"
    )


def _round(
    ask: Callable[[str], None], pending: list[str], failures: tuple[type[Exception], ...]
) -> tuple[set[str], dict[str, str]]:
    answered, failed = set(), {}
    for symbol in pending:
        try:
            ask(symbol)
            answered.add(symbol)
        except failures as failure:
            failed[symbol] = f"{type(failure).__name__}: {failure}"
        if not answered and len(failed) == SILENT_SYMBOLS:
            break
    return answered, failed
