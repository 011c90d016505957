"""Merging facts into tubes and obeying commands: the only writer of stage, deadline and custody."""

from screening.tube.service.commands import advance, command_line, record_command
from screening.tube.service.dirty import mark_dirty
from screening.tube.service.merged import Facts, Merged, MergedSet
from screening.tube.service.merging import limits_of, merge

__all__ = [
    "Facts",
    "Merged",
    "MergedSet",
    "advance",
    "command_line",
    "limits_of",
    "mark_dirty",
    "merge",
    "record_command",
]
