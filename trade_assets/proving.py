"""The proof as a command: progress, a table by asset, an exit status."""

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from trade_assets import certificate, parity, proof
from trade_assets.leaks import LEAKS
from trade_assets.proof import Verdict
from trade_assets.settings import load
from trade_assets.variations import EACH


def prove(
    dates: list[str], assets: list[str], leak: str | None, from_scratch: bool, with_parity: bool, console: Console
) -> None:
    """Prove the dates and assets, all that are complete where none is named; leaves with status 1 where an artifact differs."""
    if leak == "list":
        for name, (place, function) in LEAKS.items():
            console.print(f"{name:<28}{(function.__doc__ or '').strip()} [dim]({place.partition(':')[2]})[/]")
        return
    if from_scratch and (dates or assets or leak):
        raise ValueError("--from-scratch rebuilds every date from the first on: leave out --date, --asset and --leak")
    if with_parity and leak:
        raise ValueError("--parity compares with the store: leave out --leak")
    proof.order_of_the_graph(assets)  # refuses a name that is none
    keys = chosen(dates)
    found = proof.prove_from_scratch(keys) if from_scratch else proof.prove(keys, leak=leak, assets=assets)
    verdicts = list(track(found, total=len(keys), description="proving", console=console))
    console.print(table(verdicts))
    varied = _parity(dates or keys[-1:], assets, console) if with_parity else []
    failed = sorted((v for v in verdicts + varied if v.first), key=lambda v: v.key)
    for verdict in failed[:10]:
        console.print(
            f"[bold red]{verdict.key}[/]"
            + (f" with {verdict.variation}" if verdict.variation != proof.CUT else "")
            + f": first to differ is [bold]{verdict.first}[/]"
            + (f" — {escape(verdict.failure)}" if verdict.failure else "")
        )
    what = f"with leak {leak} " if leak else ""
    console.print(f"{what}{len(verdicts)} dates, {_counts(verdicts)}")
    if varied:
        console.print(
            f"{len({v.variation for v in varied})} variations of {len({v.key for v in varied})} dates, {_counts(varied)}"
        )
    if leak is not None:
        console.print("no certificate: a leak was planted")
    else:
        path = certificate.write(sorted(verdicts, key=lambda v: v.key) + varied, load())
        console.print(f"certificate: {path}", soft_wrap=True)
    if failed:
        raise SystemExit(1)


def _parity(dates: list[str], assets: list[str], console: Console) -> list[Verdict]:
    provable = proof.provable_keys(load())
    ranges = [parity.dates_up_to(date, provable) for date in dates]
    found = (verdict for keys in ranges for verdict in parity.prove(keys, assets=assets))
    total = len(EACH) * sum(map(len, ranges))
    verdicts = list(track(found, total=total, description="parity", console=console))
    console.print(variations(verdicts))
    return verdicts


def _counts(verdicts: list[Verdict]) -> str:
    return f"{sum(len(v.compared) for v in verdicts)} artifacts, {sum(len(v.differing) for v in verdicts)} differ"


def chosen(dates: list[str]) -> list[str]:
    """The keys to prove; raises ``ValueError`` for a date that has no complete partition."""
    provable = proof.provable_keys(load())
    for date in dates:
        if date not in provable:
            near = min(
                provable,
                key=lambda key: (
                    abs(int(key.replace("-", "")) - int(date.replace("-", "") or 0))
                    if date.replace("-", "").isdigit()
                    else 0
                ),
            )
            raise ValueError(
                f"{date!r} is not a rebalance date with every asset in the store; near it is {near}, the newest {provable[-1]}"
            )
    return dates or provable


def table(verdicts: list[Verdict]) -> Table:
    """How many dates of each asset were rebuilt to the same bytes."""
    differing = Counter(name for v in verdicts for name in v.differing)
    out = Table(
        "asset",
        "dates",
        "same",
        "differ",
        title="Rebuilt from what was knowable at each close",
        title_justify="left",
    )
    for name in verdicts[0].compared:
        bad = differing[name]
        out.add_row(name, str(len(verdicts)), str(len(verdicts) - bad), f"[bold red]{bad}[/]" if bad else "0")
    return out


def variations(verdicts: list[Verdict]) -> Table:
    """How many dates gave the same bytes under each variation."""
    out = Table("variation", "dates", "same", "differ", title="Rebuilt in another way", title_justify="left")
    for name in dict.fromkeys(v.variation for v in verdicts):
        own = [v for v in verdicts if v.variation == name]
        bad = sum(v.first is not None for v in own)
        out.add_row(name, str(len(own)), str(len(own) - bad), f"[bold red]{bad}[/]" if bad else "0")
    return out
