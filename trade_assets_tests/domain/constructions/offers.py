"""Generated candidates: returns with gaps and names that never move, holdings, sectors, any number of names."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from trade_assets.domain.constructions import Limits
from trade_assets_tests.generators import SEEDS, scores, sectors


def daily(seed, sessions, names, *, gaps=0.0):
    """Returns of shape (sessions, names): a common move and own ones of different size, some missing."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 1, (sessions, names)) * rng.uniform(0.005, 0.03, names)
    found = own + rng.normal(0, 0.01, (sessions, 1)) * rng.uniform(0, 1.5, names)
    return np.where(rng.random(found.shape) < gaps, np.nan, found)


def limits(**changed):
    return Limits(**({"top_n": 10, "max_weight": 0.15, "max_sector_weight": 0.3} | changed))


@st.composite
def offers(draw, **sizes):
    """What :func:`portfolio` takes besides the construction, as a dict of its arguments."""
    own = draw(scores(**sizes))
    rng = np.random.default_rng(draw(SEEDS))
    sessions = draw(st.sampled_from([0, 5, 30, 120, 300]))
    moves = daily(draw(SEEDS), sessions, len(own), gaps=draw(st.sampled_from([0.0, 0.1, 0.6])))
    moves[:, rng.random(len(own)) < draw(st.sampled_from([0.0, 0.0, 0.3, 1.0]))] = 0.0
    listed = rng.random(len(own)) < draw(st.sampled_from([1.0, 1.0, 0.7]))
    frame = pd.DataFrame(moves, columns=own.index).loc[:, listed]
    names = [*own.index, "GONE1", "GONE2"]
    held = pd.Series(rng.dirichlet(np.ones(len(names))), index=names)[rng.random(len(names)) < 0.5] * rng.uniform(0, 1)
    return {
        "scores": own,
        "sector": draw(sectors(own.index)),
        "barred": draw(st.sets(st.sampled_from(names), max_size=3)),
        "limits": limits(
            max_weight=draw(st.sampled_from([0.05, 0.15, 0.5, 1.0])),
            max_sector_weight=draw(st.sampled_from([0.3, 1.0])),
            top_k=draw(st.sampled_from([1, 5, 20])),
            min_weight=draw(st.sampled_from([0.0, 0.01, 0.2])),
            l2_reg=draw(st.sampled_from([0.0, 0.01])),
            mu_mapping=draw(st.sampled_from(["identity", "sigmoid", "rank_to_mu"])),
            max_turnover=draw(st.sampled_from([0.0, 0.1, 0.4, 1.0])),
        ),
        "returns": draw(st.sampled_from([frame, frame, frame, None])),
        "information_coefficient": draw(st.sampled_from([np.nan, -0.02, 0.0, 0.03, 0.03])),
        "held": draw(st.sampled_from([None, held, held, held.iloc[:0]])),
    }
