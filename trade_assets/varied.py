"""One rebuild of the parity proof: ``python -m trade_assets.varied JSON``, in a process that begins with the variation."""

import json
import os
import sys

from trade_assets import THREAD_VARIABLES
from trade_assets.variations import SEED, VARIATIONS


def main(name: str, directory: str, keys: list[str], assets: list[str], fault: str | None) -> None:
    """Rebuild the keys under a variation into a directory; with ``fault`` planted where one is named."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(VARIATIONS[name].threads)))
    # from here on numerical libraries load, and read how many threads they may use
    from contextlib import nullcontext

    from trade_assets import leaks, proof
    from trade_assets.resources.files import Files
    from trade_assets.resources.market_data.shuffled import Shuffled
    from trade_assets.resources.market_data.vintages import Vintages
    from trade_assets.settings import load

    variation, settings, scratch = VARIATIONS[name], load(), Files(directory)
    names, data = proof.order_of_the_graph(assets), proof.stored_source(settings)
    if variation.shuffled:
        data = Vintages(Shuffled(data, SEED), scratch)
    step = variation.dates_a_run or len(keys)
    workers = proof.Workers(variation.workers, few=0)  # a single fit too goes to a process of its own
    with leaks.planted(fault) if fault else nullcontext():
        for start in range(0, len(keys), step):
            try:
                proof.rebuild(settings, keys[start : start + step], scratch, names, data, workers=workers)
            except proof.RebuildError as failed:
                sys.exit(str(failed))
    workers.close()


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
