"""Roles, scopes and the actor: pure values, no session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from screening.places.rules import EVERYWHERE, Place


class Role(StrEnum):
    SAMPLER = "sampler"
    PACKER = "packer"
    COURIER = "courier"
    SITE_SUPERVISOR = "site_supervisor"
    LAB_TECHNICIAN = "lab_technician"
    LAB_REVIEWER = "lab_reviewer"
    COMMUNITY_WORKER = "community_worker"
    DISTRICT_HEAD = "district_head"
    DISPATCHER = "dispatcher"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


__all__ = ["EVERYWHERE", "Actor", "Place", "Role", "Scope"]

EVERYBODY = tuple(Role)
SITE_ROLES = (Role.SAMPLER, Role.PACKER, Role.SITE_SUPERVISOR)
LAB_ROLES = (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER)
WATCHERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)

NAMES = {
    Role.SAMPLER: ("采样员", "sampler"),
    Role.PACKER: ("装箱员", "packer"),
    Role.COURIER: ("转运员", "courier"),
    Role.SITE_SUPERVISOR: ("采样点负责人", "site supervisor"),
    Role.LAB_TECHNICIAN: ("检验员", "laboratory technician"),
    Role.LAB_REVIEWER: ("审核员", "laboratory reviewer"),
    Role.COMMUNITY_WORKER: ("社区工作者", "community worker"),
    Role.DISTRICT_HEAD: ("辖区负责人", "district head"),
    Role.DISPATCHER: ("调度员", "dispatcher"),
    Role.ADMINISTRATOR: ("管理员", "administrator"),
    Role.AUDITOR: ("审计员", "auditor"),
}


class Scope(NamedTuple):
    """One grant: `role` within a place (`all` has path "/")."""

    role: Role
    place: Place

    def covers(self, at: Place) -> bool:
        own = self.place
        if own.kind == "all":
            return True
        if own.kind == "area":
            return at.kind != "all" and at.path.startswith(own.path)
        return own.kind == at.kind and own.id == at.id


@dataclass(frozen=True)
class Actor:
    """Who acts. Built per request from the session; also carried into services and jobs."""

    staff_id: int
    staff_no: str
    grants: tuple[Scope, ...]
    must_change: bool = False
    session: bytes = field(default=b"", repr=False)
    name: str = field(default="", repr=False)

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(g.role for g in self.grants)

    def may(self, roles: Iterable[Role], at: Place) -> bool:
        """Whether one of `roles` is held over the place `at`."""
        wanted = set(roles)
        return any(g.role in wanted and g.covers(at) for g in self.grants)

    def places(self, roles: Iterable[Role]) -> list[Place]:
        """The places over which one of `roles` is held: what a list is filtered by."""
        wanted = set(roles)
        return [g.place for g in self.grants if g.role in wanted]

    def everywhere(self, roles: Iterable[Role]) -> bool:
        return any(p.kind == "all" for p in self.places(roles))
