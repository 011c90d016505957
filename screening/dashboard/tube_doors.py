"""What the page of a tube tells of its archive, which transport does not know."""

from __future__ import annotations

from typing import Any

from screening.accounts.doors import door
from screening.i18n import _
from screening.lab.queries import get_lab
from screening.lab.queries.archive import stays_of
from screening.lab.service.archive import where


def kept_at(lab_id: int | None, barcode: str) -> dict[str, Any]:
    """Rack, box and place of a tube, with its end there if it was thrown away or taken; empty where
    it never lay in the archive of its laboratory."""
    stays = stays_of(get_lab(lab_id), barcode) if lab_id else []
    if not stays:
        return {}
    last = stays[0]
    said = {"taken": _("已取出"), "discarded": _("已销毁")}.get(last.ended_how or "", "")
    text = f"{where(last)} · {said}" if said else where(last)
    href = door("lab_pages.archive", lab_id=lab_id, tube=barcode)
    return {"text": text, "href": href} if href else {"text": text}
