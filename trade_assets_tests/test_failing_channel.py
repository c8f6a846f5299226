"""A channel that refuses or hangs fails no day and no run, and holds nothing up beyond a bound of the settings."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from trade_assets import automation, telling
from trade_assets.desk import daily as desk
from trade_assets.resources import notifier as notifiers
from trade_assets.resources.files import Files
from trade_assets.resources.notified import Notified
from trade_assets.resources.notifier import Notifier
from trade_assets.settings import Notifications
from trade_assets_tests.domain.live.test_messages import day, strategy
from trade_assets_tests.resources.test_notifier import notifier
from trade_assets_tests.test_telling import STOPPED, run_of, sensed, settings_with

pytestmark = pytest.mark.reliability("15")
WEBHOOK = """
from urllib.request import Request, urlopen

class Apprise:
    def add(self, url):
        self.url = url.replace("json://", "http://")
        return True

    def notify(self, title, body, **options):
        return urlopen(Request(self.url, body.encode())).status == 200
"""


@pytest.fixture
def webhook(tmp_path, monkeypatch):
    """An Apprise that posts, waits for ever, and raises what the network raises."""
    (tmp_path / "apprise.py").write_text(WEBHOOK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.fixture
def server():
    """A server that answers ``/ok`` and takes everything else without ever answering; gives its address."""
    posted, done = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(self.path)
            if self.path != "/ok":
                done.wait()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    own = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own.daemon_threads, own.posted = True, posted
    threading.Thread(target=own.serve_forever, daemon=True).start()
    own.url = f"json://127.0.0.1:{own.server_port}"
    yield own
    done.set()
    own.shutdown()
    own.server_close()


@pytest.fixture
def closed_port(server):
    """The address of a port nobody listens on any more."""
    other = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    other.server_close()
    return f"json://127.0.0.1:{other.server_port}"


def told_by_the_day(asked, notified, monkeypatch, *, fails=False):
    """What ``trade-assets daily`` prints and returns with these channels."""

    def compute(*_):
        if fails:
            raise RuntimeError("live_book failed: the ledger is damaged")
        return STOPPED

    shown = []
    monkeypatch.setattr(desk, "load", lambda: settings_with(asked))
    monkeypatch.setattr(desk.due, "closed_session", lambda date: STOPPED.session)
    monkeypatch.setattr(desk, "build_resources", lambda *a, **k: {"notifier": Notifier(asked), "notified": notified})
    monkeypatch.setattr(desk, "show", lambda day, *a, **k: shown.append(day))
    monkeypatch.setattr(desk.running, "prepared_instance", lambda settings: None)
    monkeypatch.setattr(desk, "compute", compute)
    desk.daily(None, dry_run=False, console=desk.Console(quiet=True))
    return shown


@pytest.mark.parametrize("path", ["refuses", "hangs"])
def test_the_day_ends_whatever_a_webhook_does_and_tells_again_the_next_time(path, webhook, server, closed_port, tmp_path, monkeypatch, caplog, figure):  # fmt: skip
    url = closed_port if path == "refuses" else f"{server.url}/hangs"
    asked = Notifications.model_validate({"enabled": True, "urls": [url], "timeout_seconds": 4})
    notified = Notified(Files(str(tmp_path / "store")))
    assert told_by_the_day(asked, notified, monkeypatch) == [STOPPED]
    assert "was not sent by channel 1 (json)" in caplog.text
    with pytest.raises(RuntimeError, match="the ledger is damaged"):
        told_by_the_day(asked, notified, monkeypatch, fails=True)
    good = Notifications.model_validate({"enabled": True, "urls": [f"{server.url}/ok"], "timeout_seconds": 10})
    assert telling.tell_day(STOPPED, good, Notifier(good), notified) == ["kill_switch", "failed_safety"]
    assert server.posted.count("/ok") == 2
    figure("a webhook on a closed port and one that hangs: the day, and both sensors, end as without it")


@pytest.mark.parametrize("path", ["refuses", "hangs"])
def test_no_sensor_fails_for_a_webhook(path, webhook, server, closed_port, tmp_path, monkeypatch):
    url = closed_port if path == "refuses" else f"{server.url}/hangs"
    asked = Notifications.model_validate({"enabled": True, "urls": [url], "timeout_seconds": 2})
    resources = {"settings": settings_with(asked), "tables": None, "notifier": Notifier(asked), "notified": Notified(Files(str(tmp_path / "store")))}  # fmt: skip
    monkeypatch.setattr(telling, "read", lambda session, tables: STOPPED)
    ran = run_of(lambda: None, {"dagster/partition": "2016-01-04"})
    assert sensed(automation.tell_of_session, ran, resources).skip_message == "2016-01-04: sent nothing new"
    failed = run_of(lambda: 1 / 0)
    del resources["tables"]
    assert sensed(automation.tell_of_failure, failed, resources).skip_message == "session: sent nothing"


def test_all_channels_and_messages_together_wait_ten_seconds_at_most(webhook, monkeypatch, figure):
    waits, together = [], threading.Barrier(5)

    def hang(*_, timeout, **__):
        waits.append(timeout)
        together.wait(timeout=60)  # all five channels are waited for at once, or this breaks
        raise subprocess.TimeoutExpired("sender", timeout)

    monkeypatch.setattr(notifiers.subprocess, "run", hang)
    own = notifier(*["json"] * 5, timeout_seconds=10)
    lost = own.notify_all([("one", "a"), ("two", "b"), ("three", "c")])
    assert [len(channels) for channels in lost] == [5, 5, 5]
    assert len(waits) == 5
    assert max(waits) + notifiers.ENDING_SECONDS <= 10
    figure("five channels that hang: one wait of at most 10 s for all, and no setting allows more")


@pytest.mark.parametrize("seconds", [10.1, 60, 0, -1])
def test_no_setting_allows_a_longer_wait(seconds):
    with pytest.raises(ValueError, match=r"timeout_seconds"):
        Notifications.model_validate({"enabled": True, "urls": ["json://example"], "timeout_seconds": seconds})


def test_a_day_without_a_cause_asks_no_channel(webhook, server, tmp_path):
    asked = Notifications.model_validate({"enabled": True, "urls": [f"{server.url}/ok"]})
    assert telling.tell_day(day(strategy()), asked, Notifier(asked), Notified(Files(str(tmp_path / "store")))) == []
    assert server.posted == []
