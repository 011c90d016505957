"""`python -m bench ingest [--persons 1000000] …`, or another of WHAT: runs one benchmark."""

from __future__ import annotations

import argparse
import os
import sys

from bench import command, due, ingest, lookup, readers, release, worklist

WHAT = {
    "command": command.main,
    "due": due.main,
    "ingest": ingest.main,
    "lookup": lookup.main,
    "readers": readers.main,
    "release": release.main,
    "worklist": worklist.main,
}
ONLY = ["person", "tube", "ten", "pages", "viewers"]  # of ingest the first three, else of command


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", choices=list(WHAT))
    parser.add_argument("--persons", type=int, default=1_000_000, help="persons in the directory")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of one counted run")
    parser.add_argument("--rounds", type=int, default=2, help="turns of server and floor")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--only", choices=ONLY, help="one part alone")
    parser.add_argument("--profile", action="store_true", help="profile one process, no server")
    # an ARGS="ingest --only ten" from make comes as words already
    args = parser.parse_args(sys.argv[1:])
    os.environ.setdefault("SCREENING_LOG", "WARNING")
    return WHAT[args.what](args)


sys.exit(main())
