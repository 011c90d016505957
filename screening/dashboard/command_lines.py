"""The lines of the command page: from a neutral picture to words, names, phones and doors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from screening.accounts.doors import door
from screening.accounts.queries import phones_of
from screening.dashboard.command_sentences import moment
from screening.dashboard.queries import list_responsible
from screening.dashboard.told import lang, when
from screening.figures.queries.groups import GROUP_DEFINITIONS
from screening.figures.queries.stragglers import KINDS
from screening.figures.rules import CHANNELS
from screening.figures.standing import minutes_since
from screening.i18n import _, age, current_lang, dt
from screening.lab import words as lab_words
from screening.ledger.queries import names_of_places
from screening.ledger.rules import PARTS
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy
from screening.reminders.rules import CONTACT_OUTCOMES
from screening.transport import words as box_words
from screening.tube import words as tube_words


class Lines:
    """Everything below needs the same names: places and people of one picture, read once."""

    def __init__(self, policy: RoundPolicy, node: Node, body: Mapping[str, Any], at: datetime):
        self.policy, self.node, self.body, self.at = policy, node, body, at
        waiting = [s for found in body["stragglers"].values() for s in found]
        self.sites, self.labs = names_of_places(
            [(s["site"], s["lab"]) for s in waiting]
            + [(a["site"], a["lab"]) for a in body["alerts"]]
            + [((body["heard"]["oldest"] or {}).get("site"), None)]
        )
        labs = [{"site": None, "lab": x["lab"]} for x in body["labs"]]
        self.keepers = keepers([*waiting, *labs], body["alerts"])
        self.people = phones_of(
            [c["staff"] for c in body["children"]] + [s["staff"] for s in body["sites"]]
            + [s["holder"] for s in waiting] + list(self.keepers.values())
        )  # fmt: skip

    def call(self, staff: int | None, phone: str | None = None) -> dict[str, str]:
        """Who answers, and the number that one tap calls."""
        name, own = self.people.get(staff or 0, ("", ""))
        number = own or phone or ""
        return {
            "name": name,
            "phone": number,
            "tel": "".join(c for c in number if c in "+0123456789"),
        }

    # --- what lies below -----------------------------------------------------------------------

    def children(self) -> list[dict[str, Any]]:
        return [self._child(c) for c in self.body["children"]]

    def _child(self, c: Mapping[str, Any]) -> dict[str, Any]:
        share = c["missed"] / c["due"] if c["due"] else 0
        href = door("dashboard_pages.command_area", area_id=c["area"], round=self.policy.round_id)
        if c["area"] == self.node.area_id:
            href = ""
        return {
            "name": {"text": c["name"], "href": href},
            "rate": (c["reached"], c["due"]),
            "missed": {"text": c["missed"], "sort": c["missed"],
                       "href": self._missed(c["area"]) if c["area"] != self.node.area_id else ""},
            "resample": c["resample"],
            "resulted": (c["resulted"], c["reached"]),
            "who": self.call(c["staff"]),
            "last": _contact(c["last"]),
            "tone": "look" if share >= 0.2 and c["missed"] else "",
        }  # fmt: skip

    def _missed(self, area_id: int) -> str:
        return door("reminders_pages.missed_in", area_id=area_id, round=self.policy.round_id)

    # --- who waits longest -----------------------------------------------------------------------

    def stragglers(self) -> list[dict[str, Any]]:
        names = straggler_names()
        return [
            self._straggler(names[kind], kind, s)
            for kind in KINDS
            for s in self.body["stragglers"].get(kind, ())
        ]

    def _straggler(self, name: tuple[str, str], kind: str, s: Mapping[str, Any]) -> dict[str, Any]:
        box = kind in ("unsent", "unreceived")
        href = (
            door("transport_pages.box", batch=s["wire"])
            if box else door("transport_pages.tube", barcode=s["ref"])
        )  # fmt: skip
        at_lab = kind in ("untested", "unreleased")
        staff = s["holder"] or self.keepers.get(
            ("lab", s["lab"]) if at_lab else ("site", s["site"])
        )
        due = when(s["due_at"])
        return {
            "kind": {"text": name[0], "link": name[1]},
            "ref": {"text": s["ref"], "href": href},
            "place": (self.labs.get(s["lab"]) if at_lab else None)
            or self.sites.get(s["site"]) or self.labs.get(s["lab"]) or "—",
            "age": minutes_since(when(s["since"]), self.at),
            "n": s["n"],
            "last": self._last_word(s["last"], box),
            "who": self.call(staff),
            "tone": "look" if due is not None and due < self.at else "",
        }  # fmt: skip

    def _last_word(self, last: list | None, box: bool) -> dict[str, str] | str:
        if last is None:
            return "—"
        verb, at, _by = last
        told = box_words.FACTS.get(verb, ("", ""))[lang()] if box else ""
        return {"text": told or tube_words.verb(verb, current_lang()), "sub": dt(when(at))}

    # --- alerts, what was heard ------------------------------------------------------------------

    def alerts(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": lab_words.ALERTS.get(a["kind"], ("", ""))[lang()],
                "tube": a["tube"],
                "href": door("lab_pages.alert", cell=a["cell"], alert_id=a["id"])
                or door("lab_pages.alerts"),
                "members": a["members"],
                "site": self.sites.get(a["site"]) or "—",
                "lab": self.labs.get(a["lab"]) or "—",
                "age": minutes_since(when(a["raised_at"]), self.at),
                "who": self.call(self.keepers.get(("lab", a["lab"]))),
            }
            for a in self.body["alerts"]
        ]

    def heard(self) -> dict[str, Any]:
        h = self.body["heard"]
        oldest = h["oldest"]
        words = _("已收到 %(n)s / %(all)s 台设备的数据", n=h["heard"], all=h["devices"])
        if oldest:
            since = minutes_since(when(oldest["heard_at"]), self.at)
            silence = {
                "minutes": since,
                "site": self.sites.get(oldest["site"], ""),
                "name": oldest["name"],
            }
        return {
            "text": words, "whole": h["heard"] == h["devices"],
            "silence": silence if oldest else None,
            "href": door("dashboard_pages.command_devices", area_id=self.node.area_id,
                         round=self.policy.round_id),
        }  # fmt: skip

    def groups(self) -> list[dict[str, Any]]:
        """Key groups of the day: due, done, overdue; nothing where nobody is due."""
        href = door("reminders_pages.due_in", area_id=self.node.area_id)
        return [
            {"key": key, "value": n, "label": (d.zh, d.en)[lang()], "href": href,
             "unit": (d.unit_zh, d.unit_en)[lang()], "why": (d.why_zh, d.why_en)[lang()],
             "tone": "look" if key == "group_late" and n else ""}
            for key, n in self.body.get("groups", {}).items()
            for d in (GROUP_DEFINITIONS[key],)
        ]  # fmt: skip

    def parts(self) -> list[dict[str, Any]]:
        """The named parts of what is unaccounted for."""
        return [
            {
                "label": (PARTS[k].short_zh, PARTS[k].short_en)[lang()], "n": n,
                "href": door("ledger_pages.list_part", round_id=self.policy.round_id, part=k),
            }
            for k in PARTS if (n := self.body["parts"].get(k))
        ]  # fmt: skip

    # --- sites and laboratories ------------------------------------------------------------------

    def site_lines(self) -> list[dict[str, Any]]:
        return [self._site(s) for s in self.body["sites"]]

    def _site(self, s: Mapping[str, Any]) -> dict[str, Any]:
        late = s["open"]["late"] + s["waiting"]["late"]
        wait: Any = s["queue"]
        if s["grows"]:
            wait = {"text": _("在增长"), "tone": "look", "sort": 999}
        oldest = [when(x["oldest"]) for x in (s["open"], s["waiting"]) if x["oldest"]]
        return {
            "name": {"text": s["name"],
                     "href": door("dashboard_pages.command_tubes", area_id=self.node.area_id,
                                  what="tubes_waiting", round=self.policy.round_id, site=s["site"])},
            "hour": s["hour"],
            "queue": wait,
            "tables": {"text": f"{s['tables']} / {s['all_tables']}", "sort": s["tables"]},
            "open": s["open"]["tubes"],
            "waiting": s["waiting"]["tubes"],
            "oldest": minutes_since(min((o for o in oldest if o), default=None), self.at),
            "late": late,
            "devices": {"text": f"{s['heard']} / {s['devices']}", "sort": s["heard"] - s["devices"]},
            "who": self.call(s["staff"], s["phone"]),
            "tone": "look" if late or s["grows"] else "",
        }  # fmt: skip

    def lab_lines(self) -> list[dict[str, Any]]:
        return [self._lab(x) for x in self.body["labs"]]

    def _lab(self, x: Mapping[str, Any]) -> dict[str, Any]:
        full = x["rate"] is not None and x["rate"] >= 0.9
        return {
            "name": {"text": x["name"],
                     "href": door("lab_pages.capacity_page", lab_id=x["lab"])
                     or door("dashboard_pages.command_tubes", area_id=self.node.area_id,
                             what="tubes_untested", round=self.policy.round_id, lab=x["lab"])},
            "rate": {"text": f"{100 * x['rate']:.0f}%" if x["rate"] is not None else "—",
                     "sort": x["rate"] or 0},
            "coming": {"text": x["coming"], "sort": x["coming"],
                       "sub": _("%(n)s 箱", n=x["boxes"]) if x["boxes"] else ""},
            "waiting": x["waiting"],
            "plated": x["plated"],
            "signing": x["signing"],
            "overdue": x["overdue"],
            "hour": x["hour"],
            "took": {
                "text": age(x["median"]), "sort": x["median"] or 0,
                "sub": _("95 分位 %(a)s，最慢 %(b)s", a=age(x["p95"]), b=age(x["worst"])),
            } if x["median"] is not None else "—",
            "empty": _("只增不减") if x["jams"] else moment(x["empty"], self.at)
            if x["empty"] else "—",
            "who": self.call(self.keepers.get(("lab", x["lab"]))),
            "tone": "look" if full or x["jams"] or x["overdue"] else "",
        }  # fmt: skip

    def positives(self) -> list[dict[str, Any]]:
        href = door("dashboard_pages.command_tubes", area_id=self.node.area_id,
                    what="positive_tubes", round=self.policy.round_id)  # fmt: skip
        return [
            {
                "channel": CHANNELS.get(p["channel"], CHANNELS["community"])[lang()],
                "size": _("单采") if p["size"] == 1 else _("%(n)s 人一管", n=p["size"]),
                "tubes": {"text": p["tubes"], "href": href, "sort": p["tubes"]},
                "persons": p["persons"],
            }
            for p in self.body["positives"]
        ]


def keepers(
    waiting: Iterable[Mapping[str, Any]], alerts: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, int], int]:
    """{(site or lab, id): who is responsible there}."""
    rows = [*waiting, *alerts]
    return list_responsible(
        {s["site"] for s in rows if s["site"]}, {s["lab"] for s in rows if s["lab"]}
    )


def straggler_names() -> dict[str, tuple[str, str]]:
    """{kind: (word, the link it belongs to)}."""
    return {
        "unclosed": (_("未封管"), "collect"),
        "unpacked": (_("未装箱"), "collect"),
        "unsent": (_("未送出的箱"), "deliver"),
        "unreceived": (_("未签收的箱"), "deliver"),
        "untested": (_("未检出"), "test"),
        "unreleased": (_("未发布"), "report"),
    }


def _contact(last: list | None) -> dict[str, str] | str:
    if last is None:
        return "—"
    kind, outcome, _by, at = last
    known = CONTACT_OUTCOMES.get(outcome)
    word = (known.zh, known.en)[lang()] if known else contact_kinds().get(kind, "—")
    return {"text": word, "sub": dt(when(at))}


def contact_kinds() -> dict[str, str]:
    return {"call": _("电话"), "visit": _("上门"), "sms": _("短信"), "desk": _("窗口")}
