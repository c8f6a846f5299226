"""A machine without a network and full of secrets: runs the commands given, one a line, and writes what was said.

``python -m trade_assets_tests.security.offline SAID`` reads commands as JSON lists from standard input. A line that is an
object changes the environment and has the settings read anew; one that is a text damages the file it names.
"""

import json
import os
import socket
import sys
from pathlib import Path

ATTEMPTS = []


def refused(self, address):
    """Stands for every connection: there is no network, and that one was tried is remembered."""
    if self.family == socket.AF_UNIX or str(address[0]) in ("127.0.0.1", "::1", "localhost"):
        return CONNECT(self, address)
    ATTEMPTS.append(str(address))
    raise OSError("the network is unreachable")


CONNECT = socket.socket.connect


def main() -> None:
    """Run what standard input asks for."""
    socket.socket.connect = refused
    from typer.testing import CliRunner

    from trade_assets import settings
    from trade_assets.cli import app

    said = []
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, dict):
            os.environ.update(asked)
            settings.load.cache_clear()
        elif isinstance(asked, str):
            Path(asked).write_bytes(Path(asked).read_bytes()[:-1])
        else:
            result = CliRunner().invoke(app, asked)
            said.append({"command": asked, "code": result.exit_code, "output": result.output + repr(result.exception)})
    Path(sys.argv[1]).write_text(json.dumps({"said": said, "attempts": ATTEMPTS}))


if __name__ == "__main__":
    main()
