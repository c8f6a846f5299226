"""Messages to people through Apprise: each channel in a process of its own, ended when its time is up.

A channel's URL holds secrets. It goes to that process by standard input, and nothing comes back but which messages were
sent: a library that logs or raises what it was given tells nobody, and one that hangs holds up nothing.
"""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from trade_assets.settings import Notifications

log = logging.getLogger(__name__)
SENDER = (sys.executable, "-P", "-m", "trade_assets.resources.sender")
ENDING_SECONDS = 0.3  # of the time given, kept to end a process that hangs
SCHEME = re.compile(r"^([a-z][a-z0-9]{1,11})s?://", re.IGNORECASE)


class Notifier:
    """The channels the settings name."""

    def __init__(self, settings: Notifications) -> None:
        self._settings = settings

    @property
    def channels(self) -> list[str]:
        """Every channel in use by place and scheme, as in ``1 (mailto)``; never more of its URL."""
        urls = self._settings.urls if self._settings.enabled else ()
        return [f"{place} ({_scheme(url.get_secret_value())})" for place, url in enumerate(urls, 1)]

    def notify(self, subject: str, body: str) -> list[str]:
        """Send a message; returns the channels that failed. None of them raises."""
        return self.notify_all([(subject, body)])[0]

    def notify_all(self, messages: Sequence[tuple[str, str]]) -> list[list[str]]:
        """Send messages, subject and body, all within ``timeout_seconds``; of each returns the channels that failed."""
        channels = self.channels
        if not channels or not messages:
            return [[] for _ in messages]
        if find_spec("apprise") is None:
            log.error("Apprise, which sends messages, is not installed: pip install 'trade-assets[notify]'")
            return [channels for _ in messages]
        with ThreadPoolExecutor(len(channels)) as pool:
            sent = list(pool.map(lambda url: self._sent(url.get_secret_value(), messages), self._settings.urls))
        failed = [[c for c, done in zip(channels, sent, strict=True) if i not in done] for i in range(len(messages))]
        for (subject, _), names in zip(messages, failed, strict=True):
            if names:
                log.warning("the message %r was not sent by channel %s", subject, ", ".join(names))
        return failed

    def _sent(self, url: str, messages: Sequence[tuple[str, str]]) -> set[int]:
        asked = json.dumps({"url": url, "messages": list(messages)}).encode()
        try:
            told = subprocess.run(
                SENDER, input=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                timeout=max(0.1, self._settings.timeout_seconds - ENDING_SECONDS),
            ).stdout  # fmt: skip
        except subprocess.TimeoutExpired as late:
            told = late.stdout or b""
        except OSError:
            log.exception("the process that sends messages did not start")
            return set()
        return {int(line) for line in told.decode(errors="replace").splitlines() if line.isdecimal()}


def _scheme(url: str) -> str:
    found = SCHEME.match(url)
    return found[1].lower() if found else "not a URL"
