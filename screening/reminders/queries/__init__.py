"""Reading for reminders: the missed with names and phones, waves, contacts, silent catchments."""

from screening.reminders.queries.missed import (
    ContactRow,
    Opened,
    communities_of,
    get_node,
    list_contacts,
    open_missed,
    open_person,
    opted_out,
)
from screening.reminders.queries.sending import (
    list_exempt,
    list_sampled,
    lock_messages,
)
from screening.reminders.queries.silent import (
    silent_communities,
)
from screening.reminders.queries.waves import (
    LEFT,
    NoSuchWave,
    OpenMessage,
    Outcome,
    WaveRow,
    cells_of,
    count_messages,
    count_unknown,
    get_wave,
    list_unknown,
    list_waves,
    outcome_of,
    place_of_wave,
)

__all__ = [
    "LEFT",
    "ContactRow",
    "NoSuchWave",
    "OpenMessage",
    "Opened",
    "Outcome",
    "WaveRow",
    "cells_of",
    "communities_of",
    "count_messages",
    "count_unknown",
    "get_node",
    "get_wave",
    "list_contacts",
    "list_exempt",
    "list_sampled",
    "list_unknown",
    "list_waves",
    "lock_messages",
    "open_missed",
    "open_person",
    "opted_out",
    "outcome_of",
    "place_of_wave",
    "silent_communities",
]
