"""送: turns packing, sealing and hand-over entries into facts about batches and their tubes."""

from screening.transport.service.carrying import carried_line
from screening.transport.service.merging import apply, state_fact
from screening.transport.service.work import KINDS, Outcome, Ref

__all__ = ["KINDS", "Outcome", "Ref", "apply", "carried_line", "state_fact"]
