"""The wire of reminders, written out. Ids travel as strings; nothing personal in a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from screening.coverage.missed_rules import (
    AGE_BANDS,
    MOST_ROUNDS,
    RESIDENCE,
    UNKNOWN_AGE,
    UNSAID,
    WHYS,
    Wanted,
)
from screening.registry.rules import COHORTS
from screening.reminders.exports import FORMATS
from screening.reminders.rules import (
    CONTACT_KINDS,
    CONTACT_OUTCOMES,
    FIELDS,
    MOST_IN_FIELD,
    STATES,
    TEMPLATES,
    VERDICTS,
)
from screening.reminders.rules.contacts import MOST_HOURS
from screening.wire import Id, moment

# --- the missed ---------------------------------------------------------------------------------


class MissedListSchema(Schema):
    area = Id(required=True)
    round = Id(required=True)
    state = fields.String(validate=validate.OneOf([str(s) for s in STATES]))
    cohort = fields.String(validate=validate.OneOf(list(COHORTS)))
    age = fields.String(validate=validate.OneOf([*AGE_BANDS, UNKNOWN_AGE]))
    residence = fields.String(validate=validate.OneOf([*RESIDENCE, UNSAID]))
    cannot_walk = fields.Boolean(load_default=False)
    rounds = fields.Integer(
        load_default=0,
        validate=validate.Range(0, MOST_ROUNDS.value),
        metadata={"description": "missed in so many rounds in a row, this one included"},
    )
    added = fields.Boolean(
        load_default=False, metadata={"description": "registered after the start of the round"}
    )
    late = fields.Boolean(load_default=False, metadata={"description": "new swab overdue"})
    format = fields.String(load_default="ndjson", validate=validate.OneOf(list(FORMATS)))


def wanted(args: Mapping[str, Any]) -> Wanted:
    """The filters of MissedListSchema as the queries take them."""
    states = frozenset({args["state"]}) if args.get("state") else frozenset()
    rest = {f: args[f] for f in Wanted._fields[1:] if f in args}
    return Wanted(states, **rest)


class HomeVisitsSchema(Schema):
    area = Id(required=True)
    round = Id(required=True)


class HomeVisitSchema(Schema):
    """One person to be visited; phone and room only for who works there."""

    cell_id = Id()
    person_id = Id()
    building = fields.String()
    unit = fields.String()
    room = fields.String()
    name = fields.String(metadata={"description": "masked"})
    phone = fields.String()
    state = fields.String()
    until = moment(allow_none=True)
    why = fields.String(
        allow_none=True,
        metadata={"description": "of a new swab: " + ", ".join(WHYS)},
    )
    due_at = moment(allow_none=True, metadata={"description": "of a new swab"})
    cannot_walk = fields.Boolean()


# --- contacts -----------------------------------------------------------------------------------


class RemindedSchema(Schema):
    cell_id = Id(required=True)
    person_id = Id(required=True)


class ReminderContactInSchema(RemindedSchema):
    round_id = Id(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(list(CONTACT_OUTCOMES)))
    kind = fields.String(load_default="call", validate=validate.OneOf(CONTACT_KINDS))
    until = moment(load_default=None, allow_none=True)
    hours = fields.Integer(
        load_default=None,
        validate=validate.Range(1, MOST_HOURS),
        metadata={"description": "until so long after the contact; instead of `until`"},
    )
    key = fields.String(
        load_default=None,
        validate=validate.Length(8, 64),
        metadata={"description": "your own name of this contact: told twice it is one"},
    )
    age = fields.Integer(
        load_default=0,
        validate=validate.Range(0, 7 * 86400),
        metadata={"description": "seconds since the contact, when it waited for a network"},
    )


class ContactUndoSchema(RemindedSchema):
    key = fields.String(required=True, validate=validate.Length(8, 64))


class ReminderContactMadeSchema(Schema):
    contact_id = Id()


class ReminderContactsSchema(Schema):
    cell = Id(required=True)
    person_id = Id(required=True)
    round = Id(required=True)


class ReminderContactSchema(Schema):
    contact_id = Id()
    kind = fields.String()
    outcome = fields.String()
    until = moment(allow_none=True)
    made_by = Id(allow_none=True)
    at = moment()


class OptOutSchema(RemindedSchema):
    out = fields.Boolean(load_default=True, metadata={"description": "false: messages again"})


# --- waves --------------------------------------------------------------------------------------


class WaveInSchema(Schema):
    """The parts of the text; it ends with 如已采样请忽略 by itself."""

    area_id = Id(required=True)
    round_id = Id(required=True)
    template = fields.String(required=True, validate=validate.OneOf(list(TEMPLATES)))
    reason = fields.String(load_default="")
    rule = fields.String(load_default="")
    place = fields.String(load_default="")
    hours = fields.String(load_default="")
    phone = fields.String(
        load_default="",
        metadata={"description": f"to call back; each part has at most {MOST_IN_FIELD} characters"},
    )


assert set(FIELDS) <= set(WaveInSchema().fields)


class WaveStartSchema(Schema):
    include_silent = fields.Boolean(
        load_default=False,
        metadata={"description": "you answer for reminding catchments with silent phones"},
    )


class WavesSchema(Schema):
    round = Id()
    before = Id()


class WaveSchema(Schema):
    wave_id = Id()
    round_id = Id()
    area_id = Id()
    template = fields.String()
    text = fields.String()
    state = fields.String()
    include_silent = fields.Boolean()
    silent_by = Id(allow_none=True)
    made_by = Id()
    made_at = moment()
    counts = fields.Dict(allow_none=True)


class WaveDetailSchema(WaveSchema):
    messages = fields.Dict(metadata={"description": "by state; dropped ones by why"})
    named = fields.Integer(metadata={"description": "persons named in messages that left"})
    came = fields.Integer(metadata={"description": "of them swabbed within 24 h of the message"})
    open = fields.Integer(metadata={"description": "of them not swabbed, 24 h not over"})


class WaveJobSchema(Schema):
    job_id = Id(allow_none=True)


class UnknownMessageSchema(Schema):
    cell_id = Id()
    message_id = Id()
    community_id = Id()
    sent_at = moment()


class MessageVerdictSchema(Schema):
    cell_id = Id(required=True)
    message_id = Id(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(list(VERDICTS)))


# --- hours of buildings ---------------------------------------------------------------------------


class SlotsSchema(Schema):
    area_id = Id(required=True)
    round_id = Id(required=True)


class SlotsPlannedSchema(Schema):
    planned = fields.Integer(metadata={"description": "buildings that had no hour yet"})


class SlotInSchema(Schema):
    """`building_id` is what the hours are for."""

    building_id = Id(required=True)
    round_id = Id(required=True)
    site_id = Id(required=True)
    starts_at = moment(required=True)
    ends_at = moment(required=True)


class SlotSchema(Schema):
    building_id = Id()
    building = fields.String()
    persons = fields.Integer()
    site_id = Id(allow_none=True)
    site = fields.String()
    starts_at = moment(allow_none=True)
    ends_at = moment(allow_none=True)
