"""The door: takes what journals tell, keeps it, and answers with a receipt."""

from screening.field.service.blocks import open_body
from screening.field.service.door import PracticeMixed, ingest, ingest_within
from screening.field.service.receipts import Receipt, receipt

__all__ = ["PracticeMixed", "Receipt", "ingest", "ingest_within", "open_body", "receipt"]
