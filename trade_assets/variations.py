"""What must not matter: how dates are cut into runs, processes, threads, the order of raw rows, the seed of hashes.

It loads no numerical library, so that a process can set its threads before one does.
"""

from dataclasses import dataclass

SEED = 7


@dataclass(frozen=True)
class Variation:
    """One way of running the system.

    Attributes
    ----------
    meaning : str
        What is different, in words.
    dates_a_run : int or None
        Dates computed in one run; all of them where None.
    workers : int
        Processes that fit models, 1 for none beside the run's own.
    threads : int
        Threads a numerical library may use.
    shuffled : bool
        Whether the rows of the source come in another order.
    hash_seed : int
        Seed of Python's hashes, on which the order of a set depends.
    """

    meaning: str
    dates_a_run: int | None = None
    workers: int = 1
    threads: int = 1
    shuffled: bool = False
    hash_seed: int = 0


VARIATIONS = {
    "one run": Variation("all dates in one run"),
    "one by one": Variation("a run of its own for every date", dates_a_run=1),
    "two by two": Variation("two dates a run", dates_a_run=2),
    "two worker processes": Variation("models fitted side by side in processes of their own", workers=2),
    "three threads": Variation("numerical libraries may use three threads", threads=3),
    "shuffled rows": Variation("the rows of the source come in another order", shuffled=True),
    "another hash seed": Variation("Python hashes text with another seed", hash_seed=4711),
    "all at once": Variation(
        "two dates a run, processes, threads, order and seed together",
        dates_a_run=2, workers=2, threads=3, shuffled=True, hash_seed=815,
    ),
}  # fmt: skip
EACH = tuple(VARIATIONS)[:-1]
MEANINGS = {name: variation.meaning for name, variation in VARIATIONS.items()}
