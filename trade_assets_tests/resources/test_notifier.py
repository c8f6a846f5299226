"""Messages go out or are named as lost; no channel fails, delays or betrays what called it."""

import logging

import pytest

from trade_assets import settings
from trade_assets.definitions import build_resources
from trade_assets.resources.files import Files
from trade_assets.resources.notified import Notified
from trade_assets.resources.notifier import Notifier
from trade_assets.settings import Notifications, Settings

CANARY = "s3cret-canary"
FAKE = """
import logging, os, sys, threading

class Apprise:
    def add(self, url):
        self.url = url
        return not url.startswith("unknown")

    def notify(self, title, body, **options):
        print(self.url)
        print(self.url, file=sys.stderr)
        logging.getLogger("apprise").error("cannot reach %s", self.url)
        if self.url.startswith("raises"):
            raise RuntimeError(self.url)
        if self.url.startswith("hangs") and title != "first":
            threading.Event().wait()
        if self.url.startswith("fails"):
            return False
        with open(os.environ["SENT"], "a") as file:
            file.write(f"{title}|{body}|{options['body_format']}\\n")
        return True
"""


@pytest.fixture
def sent(tmp_path, monkeypatch):
    """An Apprise that does as the scheme says; gives what was sent."""
    (tmp_path / "apprise.py").write_text(FAKE)
    (tmp_path / "sent").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SENT", str(tmp_path / "sent"))
    return lambda: (tmp_path / "sent").read_text().splitlines()


def notifier(*schemes, **changes):
    urls = tuple(f"{scheme}://me:{CANARY}@example/{CANARY}" for scheme in schemes)
    return Notifier(Notifications.model_validate({"enabled": True, "urls": urls} | changes))


def test_a_message_is_sent_as_plain_text(sent):
    assert notifier("json").notify("subject", "body") == []
    assert sent() == ["subject|body|text"]


def test_a_channel_that_fails_is_named_and_the_others_are_served(sent, caplog):
    lost = notifier("fails", "mailto", "unknown", "raises").notify("subject", "body")
    assert lost == ["1 (fails)", "3 (unknown)", "4 (raises)"]
    assert sent() == ["subject|body|text"]
    assert "was not sent by channel 1 (fails), 3 (unknown), 4 (raises)" in caplog.text


def test_a_channel_that_hangs_is_left_when_the_time_is_up_and_what_it_had_sent_counts(sent):
    got = notifier("hangs", "json", timeout_seconds=6).notify_all([("first", "a"), ("second", "b")])
    assert got == [[], ["1 (hangs)"]]
    assert sorted(sent()) == ["first|a|text", "first|a|text", "second|b|text"]


def test_no_secret_is_logged_shown_returned_or_hashed(sent, caplog, capfd, monkeypatch):
    caplog.set_level(logging.DEBUG)
    own = notifier("fails", "raises", "json", CANARY)
    said = [*own.notify("subject", "body"), *own.channels, repr(own), str(vars(own))]
    url = f'["json://{CANARY}"]'
    before = Settings()
    monkeypatch.setenv("TRADE_ASSETS__LIVE__NOTIFICATIONS__ENABLED", "true")
    monkeypatch.setenv("TRADE_ASSETS__LIVE__NOTIFICATIONS__URLS", url)
    loaded = settings.load.__wrapped__()
    assert loaded.live.notifications.urls[0].get_secret_value() == f"json://{CANARY}"
    said += [str(loaded), repr(loaded), loaded.model_dump_json(), str(loaded.model_dump()), settings.page()]
    said += [repr(build_resources(loaded)), caplog.text, *capfd.readouterr()]
    assert [text for text in said if CANARY in text] == []
    everything = frozenset(Settings.model_fields)
    assert loaded.fingerprint(everything) == before.fingerprint(everything)


@pytest.mark.parametrize(
    "text",
    [
        "live: {notifications: {urls: 'json://CANARY'}}",
        "live: {notifications: {url: CANARY}}",
        "live: {notifications: {enabled: true, urls: [], timeout_seconds: CANARY}}",
        "live: {notification: {urls: ['json://CANARY']}}",
        "live: {urls: 'json://CANARY'}",
        "live: {notifications: {enabled: CANARY, urls: ['json://CANARY']}}",
        "{live: {notifications: {urls: ['json://CANARY']}}, labels: {horizon_sessions: 5}}",
    ],
)
def test_a_refusal_of_settings_does_not_repeat_a_secret(text, tmp_path, monkeypatch):
    (tmp_path / "settings.yaml").write_text(text.replace("CANARY", CANARY))
    monkeypatch.setenv("TRADE_ASSETS_FILE", str(tmp_path / "settings.yaml"))
    for read in (settings.load.__wrapped__, Settings):
        with pytest.raises(ValueError) as refused:
            read()
        assert CANARY not in f"{refused.value} {refused.value!r}"


def test_messages_without_a_channel_are_refused():
    with pytest.raises(ValueError, match=r"live\.notifications\.urls must name a channel"):
        Notifications(enabled=True)


def test_nothing_is_sent_where_it_is_off(sent):
    off = notifier("json", enabled=False)
    assert off.channels == []
    assert off.notify("subject", "body") == []
    assert sent() == []


def test_a_missing_library_is_said_once_with_the_way_to_install_it(monkeypatch, caplog):
    monkeypatch.setattr("trade_assets.resources.notifier.find_spec", lambda name: None)
    assert notifier("json", "mailto").notify("subject", "body") == ["1 (json)", "2 (mailto)"]
    [record] = caplog.records
    assert "pip install 'trade-assets[notify]'" in record.message


def test_a_process_that_does_not_start_is_a_lost_message(sent, monkeypatch, caplog):
    monkeypatch.setattr("trade_assets.resources.notifier.SENDER", ("/nowhere/python",))
    assert notifier("json").notify("subject", "body") == ["1 (json)"]
    assert CANARY not in caplog.text


def test_a_message_is_claimed_once_and_given_back_where_nobody_got_it(tmp_path):
    notified = Notified(Files(str(tmp_path)))
    assert notified.claim("2016-01-04", "kill_switch", "subject")
    assert not notified.claim("2016-01-04", "kill_switch", "subject")
    assert notified.claim("2016-01-04", "daily_summary", "subject")
    assert notified.claim("2016-01-05", "kill_switch", "subject")
    notified.release("2016-01-04", "kill_switch")
    assert notified.claim("2016-01-04", "kill_switch", "subject")
