"""What a sampling screen refuses or warns of, in words. Asks, and writes nothing.

The server never refuses what a journal reports (service.py); this is the half before it happens.
Numbers in comments are the edge cases of the field."""

from screening.collection.checks.answers import WORDS, say
from screening.collection.checks.binding import RESULT_LANE, check_bind, next_seat
from screening.collection.checks.here import RANK, At, rule_at, zone_words
from screening.collection.checks.people import Known, find_person, read_who
from screening.collection.checks.tubes import check_close, check_open, open_tube

__all__ = [
    "RANK",
    "RESULT_LANE",
    "WORDS",
    "At",
    "Known",
    "check_bind",
    "check_close",
    "check_open",
    "find_person",
    "next_seat",
    "open_tube",
    "read_who",
    "rule_at",
    "say",
    "zone_words",
]
