"""Ours against its peers, on the same seeded data in one run: ``python -m benchmarks``, or one script alone."""
