"""Every benchmark, each in a process of its own: ``python -m benchmarks [--size small|full] [--peer-python PATH]``."""

import subprocess
import sys
from pathlib import Path

NOT_SCRIPTS = {"__init__", "__main__", "bare", "leg_market", "measure", "sleeve_market", "synthetic"}


def main() -> int:
    """Run the scripts in order; the status is that of the first that failed."""
    scripts = sorted({path.stem for path in Path(__file__).parent.glob("*.py")} - NOT_SCRIPTS)
    for script in scripts:
        print(f"\n{script}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{script}", *sys.argv[1:]], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
