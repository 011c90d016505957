"""Reading for reporting: gates, results, corrections, callbacks."""

from screening.reporting.queries.callbacks import (
    CallbackRow,
    NoSuchCallback,
    callbacks_of_person,
    callbacks_of_tube,
    get_callback,
    list_callbacks,
)
from screening.reporting.queries.corrections import (
    CorrectionRow,
    NoSuchCorrection,
    find_waiting,
    list_corrections,
    lock_correction,
    place_of_correction,
)
from screening.reporting.queries.results import (
    ResultRow,
    SwabRow,
    list_results,
    seen_by,
    swabs_of_person,
)
from screening.reporting.queries.standings import Standing, list_gaps, standings
from screening.reporting.queries.stories import (
    CalledRow,
    Story,
    SwabStory,
    story_of_code,
    story_of_id,
    story_of_person,
    whole,
)
from screening.reporting.queries.told import RunFacts, Said, run_facts, run_states, said_of

__all__ = [
    "CallbackRow",
    "CalledRow",
    "CorrectionRow",
    "NoSuchCallback",
    "NoSuchCorrection",
    "ResultRow",
    "RunFacts",
    "Said",
    "Standing",
    "Story",
    "SwabRow",
    "SwabStory",
    "callbacks_of_person",
    "callbacks_of_tube",
    "find_waiting",
    "get_callback",
    "list_callbacks",
    "list_corrections",
    "list_gaps",
    "list_results",
    "lock_correction",
    "place_of_correction",
    "run_facts",
    "run_states",
    "said_of",
    "seen_by",
    "standings",
    "story_of_code",
    "story_of_id",
    "story_of_person",
    "swabs_of_person",
    "whole",
]
