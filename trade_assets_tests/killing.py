"""Forked copies of the test process, and places in them where they die by SIGKILL."""

import os
import signal
from collections.abc import Callable, Sequence

import pytest


class Points:
    """Counts the calls of some functions, in order, and dies before the n-th of them.

    Parameters
    ----------
    monkeypatch : MonkeyPatch
    functions : sequence of (object, str)
        Owner and name of each.
    last : int, optional
        Number of the call that is not made any more.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, functions: Sequence[tuple[object, str]], *, last: int | None = None
    ) -> None:
        self.names: list[str] = []
        self._last = last
        for owner, name in functions:
            self._around(monkeypatch, owner, name)

    @property
    def count(self) -> int:
        """Calls so far."""
        return len(self.names)

    def _around(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
            self.names.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)


def in_a_child(work: Callable[[], object]) -> int:
    """The signal that ended a forked copy of this process, 0 where it came to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return ending(child)


def ending(child: int) -> int:
    """The signal that ended a child, 0 where it came to its end; it must not have failed by itself."""
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
