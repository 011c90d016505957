"""`python -m screening.embedded start|stop|status|url`: the embedded PostgreSQL by hand."""

import os
import sys
from pathlib import Path

from screening.embedded import EmbeddedError, ensure, running, stop, url

USAGE = "python -m screening.embedded start | stop [--if-idle] | status | url"
HERE = Path(__file__).resolve().parent.parent.parent


def main(arguments: list[str]) -> int:
    root = Path(os.environ.get("SCREENING_INSTANCE") or HERE / "instance")
    order = arguments[0] if arguments else ""
    try:
        if order == "start":
            print(ensure(root))
        elif order == "url":
            print(os.environ.get("DATABASE_URL") or url(root))
        elif order == "stop":
            stopped = stop(root, unless_used="--if-idle" in arguments)
            print("stopped" if stopped else "left running: somebody is connected")
        elif order == "status":
            print("running" if running(root) else "stopped")
            return 0 if running(root) else 3
        else:
            print(USAGE, file=sys.stderr)
            return 2
    except EmbeddedError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
