"""The page that lists every setting."""

from typing import Literal, get_args, get_origin

from pydantic import BaseModel

from trade_assets.settings.section import Section
from trade_assets.settings.system import Settings

_LIMITS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))


def page() -> str:
    """Every setting with its default, range and meaning, as Markdown; ``docs/settings.md`` is this text."""
    lines = [
        "# Settings",
        "",
        "Defaults, and what they mean. Change them in `trade_assets.yaml` (or the file `TRADE_ASSETS_FILE` names), or in",
        "the environment: `TRADE_ASSETS__PORTFOLIO__TOP_N=8`. Unknown keys are refused by name. This page is written by",
        "`trade-assets settings` and tested against the code.",
        "",
        "| setting | default | range | |",
        "|---|---|---|---|",
    ]
    return "\n".join([*lines, *_rows("", Settings)]) + "\n"


def _rows(prefix: str, model: type[BaseModel]) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            rows += _rows(f"{prefix}{name}.", kind)
            continue
        value = field.get_default(call_default_factory=True)
        shown = "none" if value is None else ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        limits = [
            f"{sign} {getattr(limit, attribute):g}"
            for limit in field.metadata
            for attribute, sign in _LIMITS
            if hasattr(limit, attribute)
        ]
        choices = " or ".join(map(str, get_args(kind))) if get_origin(kind) is Literal else ""
        rows.append(f"| `{prefix}{name}` | {shown} | {', '.join(limits) or choices} | {field.description or ''} |")
    return rows
