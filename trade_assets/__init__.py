"""A machine-learning trading system as one Dagster asset graph."""

import os
import warnings
from importlib.metadata import version

# One OpenMP and BLAS thread a process, set before any numerical library loads: fits run side by side in
# processes, and two threads on two busy cores cost many times what one does.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))

# Dagster marks backfill policies and partitioned checks as beta and preview at every use.
warnings.filterwarnings("ignore", message=".*is currently in (beta|preview).*")

__version__ = version("trade-assets")
