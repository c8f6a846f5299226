"""Sends messages through one channel, in a process of its own: ``python -m trade_assets.resources.sender``.

Reads the channel's URL and the messages as JSON from standard input, and writes the number of each message that was
sent on a line of its own.
"""

import json
import sys


def main() -> None:
    """Send what standard input asks for."""
    import apprise  # type: ignore[reportMissingImports]

    asked = json.load(sys.stdin)
    channel = apprise.Apprise()
    if not channel.add(asked["url"]):
        sys.exit(1)
    for number, (subject, body) in enumerate(asked["messages"]):
        if channel.notify(title=subject, body=body, body_format="text"):
            print(number, flush=True)


if __name__ == "__main__":
    main()
