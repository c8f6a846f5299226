"""The page of old and new names agrees with the code."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from trade_assets import schemas
from trade_assets.automation import JOBS
from trade_assets.cli import app
from trade_assets.definitions import ASSETS
from trade_assets.settings import load

PAGE = Path(__file__).parents[1] / "docs" / "names.md"
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in PAGE.read_text().splitlines()
    if line.startswith("|") and not line.startswith(("| old name", "|---"))
]
SOURCE = "".join(p.read_text() for p in PAGE.parents[1].joinpath("trade_assets").rglob("*.py"))
TESTS = "".join(p.read_text() for p in Path(__file__).parent.rglob("test_*.py"))
ASSET_NAMES = {a.key.to_user_string() for a in ASSETS}
COMMANDS = set(get_command(app).commands)


def has_setting(path: str) -> bool:
    value = load()
    for part in path.split("."):
        if not hasattr(value, part):
            return False
        value = getattr(value, part)
    return True


def has_column(path: str) -> bool:
    table, _, column = path.partition(".")
    return table in schemas.TABLES and column in schemas.TABLES[table].columns


EXISTS = {
    "asset": lambda n: n in ASSET_NAMES,
    "job": lambda n: n in {j.name for j in JOBS},
    "setting": has_setting,
    "column": has_column,
    "file": lambda n: f'"{n}"' in SOURCE,
    "command": lambda n: n in COMMANDS,
    "test": lambda n: f"def {n}(" in TESTS,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_name_on_the_page_is_there_or_still_planned(row):
    _, kind, here = row
    name = re.search(r"`([^`]+)`", here).group(1)
    if kind == "planned":
        assert not any(exists(name) for exists in EXISTS.values()), f"{name} exists: it is no longer planned"
    else:
        assert EXISTS[kind](name), f"{kind} {name} does not exist"
