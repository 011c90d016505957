"""`@require`: every view says which roles may call it and within which scope."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request, url_for
from werkzeug.routing import RequestRedirect

from screening.accounts import queries
from screening.accounts.roles import EVERYWHERE, Actor, Place, Role
from screening.crypto import KeyRing
from screening.errors import NotAllowed, NotFound, NotSignedIn, Problem
from screening.places import queries as places

COOKIE = "sid"
SAFE = ("GET", "HEAD", "OPTIONS")
# what somebody with a first password may do: look at oneself, change it, leave
FIRST_STEPS = (
    "accounts_pages.me",
    "accounts_pages.change_password",
    "accounts_pages.sign_out",
    "accounts_api.get_me",
    "accounts_api.change_password",
    "accounts_api.close_session",
    "field_api.sign_out_here",
)


class BadToken(Problem):
    status = 403
    code = "bad_token"
    zh = "页面已过期，请刷新后重试；已填写的内容没有提交。"
    en = "The page is out of date; reload and try again. Nothing was submitted."


class MustChange(Problem):
    status = 403
    code = "must_change_password"
    zh = "请先修改初始密码。"
    en = "Change the first password before anything else."


class ToOneself(RequestRedirect):
    """A person with a first password is led to the page where it is changed."""

    code = 303


class SaidTwice(Problem):
    status = 400
    code = "said_twice"
    zh = "请求里的 {field} 出现了两次而且不一样。"
    en = "The request gives {field} twice, and not alike."


@dataclass(frozen=True)
class At:
    """How a view finds the place it acts on: `find` gets path, body and query values by name.

    `filtered` views show only rows of the actor's own scope and must do so themselves."""

    name: str
    find: Callable[[Mapping[str, Any]], Place] | None = None
    filtered: bool = False


ANYWHERE = At("anywhere")
OWN_ROWS = At("rows of the own scope", filtered=True)
CITY = At("whole city", lambda _: EVERYWHERE)


def by(name: str, field: str, find: Callable[[Any], Place]) -> At:
    """A scope found from one named value, e.g. `by("plate's lab", "plate_id", place_of_plate)`."""

    def look(values: Mapping[str, Any]) -> Place:
        value = values.get(field)
        if value in (None, ""):
            raise NotFound()
        return find(value)

    return At(name, look)


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise NotFound() from None


def site(field: str = "site_id") -> At:
    return by("site", field, lambda v: places.place_of_site(_int(v)))


def lab(field: str = "lab_id") -> At:
    return by("lab", field, lambda v: places.place_of_lab(_int(v)))


def area(field: str = "area_id") -> At:
    return by("area", field, lambda v: places.place_of_area(_int(v)))


@dataclass(frozen=True)
class Rule:
    roles: frozenset[Role]
    at: At
    public: bool = False


def require(*roles: Role, at: At = ANYWHERE) -> Callable:
    """Signed in, one of `roles`, and that role held over the place that `at` finds."""
    rule = Rule(frozenset(roles), at)

    def wear(view: Callable) -> Callable:
        @functools.wraps(view)
        def wrapped(*a: Any, **kw: Any) -> Any:
            actor = current_actor()
            check(actor, rule, kw)
            return view(*a, **kw)

        wrapped.requires = rule  # type: ignore[attr-defined]
        return wrapped

    return wear


def public(view: Callable) -> Callable:
    """Nobody need be signed in: health, resident look-up, signed journals."""
    view.requires = Rule(frozenset(), ANYWHERE, public=True)  # type: ignore[attr-defined]
    return view


def check(actor: Actor, rule: Rule, kw: Mapping[str, Any]) -> None:
    """Raise NotAllowed (noted apart, so that it outlives the rollback) or pass."""
    check_token(actor)
    if actor.must_change and request.endpoint not in FIRST_STEPS:
        if request.method == "GET" and not request.path.startswith("/api/"):
            raise ToOneself(url_for("accounts_pages.me"))
        raise MustChange()
    held = actor.roles & rule.roles
    if not held:
        refuse(actor)
    if rule.at.find is not None:
        place = rule.at.find(_values(kw))
        if not actor.may(held, place):
            refuse(actor)


def refuse(actor: Actor) -> None:
    queries.note_refused(actor.staff_id, request.endpoint or "")
    raise NotAllowed()


class _Said(dict[str, Any]):
    """Path, body and query values by name. A value that decides the scope must be said once: a
    body that names an own site must not open the way for a query that names another's."""

    def __init__(self, *sources: Mapping[str, Any]) -> None:
        super().__init__()
        self.twice: set[str] = set()
        for source in sources:
            for name, value in source.items():
                if name in self and str(self[name]) != str(value):
                    self.twice.add(name)
                self[name] = value

    def get(self, name: str, default: Any = None) -> Any:
        if name in self.twice:
            raise SaidTwice(field=name)
        return super().get(name, default)


def _values(kw: Mapping[str, Any]) -> _Said:
    body = request.get_json(silent=True) if request.is_json else None
    query = {k: v for k, vs in request.args.lists() for v in vs[:1]}
    said = _Said(query, request.form.to_dict(), body if isinstance(body, dict) else {}, kw)
    for many in (request.args, request.form):
        said.twice |= {name for name, values in many.lists() if len(set(values)) > 1}
    return said


def current_actor() -> Actor:
    """Who signed this request in. Raises NotSignedIn."""
    actor = find_actor()
    if actor is None:
        raise NotSignedIn()
    return actor


def find_actor() -> Actor | None:
    if "actor" not in g:
        token, cookie = _token()
        g.actor = queries.find_actor(token) if token else None
        g.by_cookie = cookie
    return g.actor


def _token() -> tuple[str | None, bool]:
    head = request.headers.get("Authorization", "")
    if head.startswith("Bearer "):
        return head[7:].strip(), False
    return request.cookies.get(COOKIE), True


def keys() -> KeyRing:
    return current_app.extensions["keys"]


def known_actor() -> Actor | None:
    """As find_actor, but asks the database nothing once the request has failed."""
    return g.get("actor") if g.get("failed") else find_actor()


def csrf_token() -> str:
    """The form token of this sign-in (empty when nobody is signed in)."""
    actor = known_actor()
    return keys().token("csrf", actor.session.hex()) if actor else ""


def check_token(actor: Actor) -> None:
    """A cookie alone must not be able to change anything: forms and scripts show the token too."""
    if request.method in SAFE or not g.by_cookie:
        return
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token") or ""
    if not hmac.compare_digest(given, keys().token("csrf", actor.session.hex())):
        raise BadToken()


def check_origin() -> None:
    """For public forms, which know no token: another site's page must not send them."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise BadToken()
    origin = request.headers.get("Origin")
    if origin is not None and origin.split("://", 1)[-1] != request.host:
        raise BadToken()
