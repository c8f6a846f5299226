"""What listens, listens on this machine alone."""

import ast
import os
from pathlib import Path

import pytest

from trade_assets import running
from trade_assets.cli import app
from trade_assets_tests.test_cli import invoke

ROOT = Path(running.__file__).parent
ADDRESSES = ("--host", "-h", "--bind", "--address", "-w")


@pytest.fixture
def asked(monkeypatch):
    """The commands that would have been started."""
    commands = []
    monkeypatch.setattr(running.subprocess, "call", lambda command, **kept: commands.append(command) or 0)
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
    return commands


@pytest.mark.reliability("17")
def test_the_ui_listens_on_this_machine_alone_and_no_option_or_variable_moves_it(asked, monkeypatch, figure):
    monkeypatch.setenv("DAGSTER_HOST", "0.0.0.0")
    monkeypatch.setenv("DAGSTER_WEBSERVER_HOST", "0.0.0.0")
    assert invoke("ui", "--port", 4001).exit_code == 0
    [command] = asked
    assert [command[i + 1] for i, word in enumerate(command) if word in ("-h", "--host")] == ["127.0.0.1"]
    assert command[command.index("-p") + 1] == "4001"
    for option in ADDRESSES:
        assert invoke("ui", option, "0.0.0.0").exit_code != 0
    assert invoke("ui", "--port", "0.0.0.0:3000").exit_code != 0
    assert len(asked) == 1
    figure("the UI on 127.0.0.1; no option or variable moves it")


@pytest.mark.reliability("17")
def test_nothing_else_listens(figure):
    """No source opens a listening socket or starts a server, `trade-assets ui` apart; MLflow is read as a database."""
    starts = {"serve_forever", "listen", "create_server", "HTTPServer", "start_server", "uvicorn.run"}
    found = []
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                is_server = name in starts or name.rsplit(".", 1)[-1] in starts
                found += [name] if is_server and name != "event.listen" else []  # SQLAlchemy's, of no socket
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [node.value] if node.value in ("0.0.0.0", "::") else []
    assert found == []
    commands = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    assert {c for c in commands if "serve" in c or "mlflow" in c or "web" in c} == set()
    figure("no other server")
