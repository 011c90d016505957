"""Pages of inbound lists: send one in, check it, who answers for whom, one line, sums."""

from screening.inbound.pages import areas, items, lists
from screening.inbound.pages.frame import bp

__all__ = ["areas", "bp", "items", "lists"]
