"""All tables in one place, for migrations and for the checks of the cell rules."""

from screening import jobs, keyguard, outbox
from screening.accounts import models as accounts
from screening.bulletins import models as bulletins
from screening.coverage import models as coverage
from screening.db import Base
from screening.exports import models as exports
from screening.field import models as field
from screening.figures import models as figures
from screening.inbound import models as inbound
from screening.interop import models as interop
from screening.lab import models as lab
from screening.ledger import models as ledger
from screening.places import models as places
from screening.registry import models as registry
from screening.registry import schedule_models as schedules
from screening.reminders import due_models as due
from screening.reminders import models as reminders
from screening.reporting import models as reporting
from screening.tickets import models as tickets
from screening.transport import models as transport
from screening.tube import models as tube

__all__ = [
    "accounts", "bulletins", "coverage", "due", "exports", "field", "figures", "inbound",
    "interop", "jobs", "keyguard", "lab", "ledger", "outbox",
    "places", "registry", "reminders", "reporting", "schedules", "tickets", "transport", "tube",
]  # fmt: skip

metadata = Base.metadata
BIG = {t.name for t in metadata.tables.values() if t.info.get("big")}
