"""The rules of the house, kept as tests: of views, texts, tables, statements, files."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shutil
import subprocess
import warnings
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from openapi_spec_validator import validate
from sqlalchemy import UniqueConstraint

import screening
from screening import errors, jobs, openapi, schema
from screening.accounts.guard import ANYWHERE, At, Rule
from tests import statements

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "screening"

# Nobody need be signed in here; each says why.
PUBLIC = {
    "reporting_api.ask_phone_code": "residents have no account; the answer is always the same",
    "reporting_api.look_up_by_phone": "residents have no account; the code proves, guesses wait",
    "operations.health": "the load balancer asks",
    "operations.ready": "the load balancer asks",
    "operations.openapi": "how to call says nothing about anybody",
    "operations.docs": "how to call says nothing about anybody",
    "operations.lang": "a language is chosen before a sign-in",
    "operations.authority": "phones trust a demo before anybody signs in; nothing secret is in a certificate",
    "accounts_api.open_session": "the door",
    "accounts_pages.sign_in": "the door",
    "accounts_pages.enter": "the door",
    "accounts_api.enrol_device": "an enrolment code is the proof",
    "field_api.post_journal": "the device's signature is the proof",
    "field_api.get_receipt": "the device's signature is the proof",
    "field_api.get_slice": "the device's signature is the proof",
    "field_api.sign_in_here": "the device's signature, then the PIN",
    "field_api.post_carried": "each batch carries its device's signature",
    "field_pages.app": "the shell is the same for everybody",
    "field_pages.app_worker": "the shell is the same for everybody",
    "field_pages.app_manifest": "the shell is the same for everybody",
    "field_pages.app_icon": "the shell is the same for everybody",
    "field_api.get_schema": "the form of a journal says nothing about anybody",
    "reporting_api.look_up": "a resident's access code is the proof",
    "reporting_pages.resident": "the form for the access code",
    "reporting_pages.show_result": "a resident's access code is the proof",
    "reminders_api.sms_reports": "the gateway's signature is the proof",
    "reminders_api.sms_replies": "the gateway's signature is the proof",
    "reminders_api.sms_reports_of_provider": "the secret in the address is the proof",
    "reminders_api.sms_replies_of_provider": "the secret in the address is the proof",
    "interop_api.issue_proof": "a resident's access code is the proof",
    "interop_api.get_verifier": "public keys and numbers of withdrawn proofs",
    "interop_pages.ask_proof": "the form for the access code",
    "interop_pages.show_proof": "a resident's access code is the proof",
    "interop_pages.print_proof": "a resident's access code is the proof",
    "interop_pages.verify": "a page that is the same for everybody",
    "interop_pages.fhir_metadata": "what the endpoint can says nothing about anybody",
    "interop_pages.verify_worker": "the worker is the same for everybody",
}

# Words about a person never stand in an address: logs and histories keep addresses.
PERSONAL = re.compile(
    r"q|query|search|word|words|text|who|name|names|full_?name|phone|tel|mobile|document|doc|"
    r"doc_?number|id_?number|id_?no|id_?card|passport|address|birth\w*|tail|last_?four|pinyin|"
    r"code|access_?code|token|password"
)
NOT_PERSONAL = {
    ("AreaQuerySchema", "name"): "the name of an area",
    ("registry/pages/places.py", "name"): "the name of an area",
}

VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "base",
         "data", "info", "stuff", "tools", "shared"}  # fmt: skip

# `except Exception` hides what nobody thought of; here it is meant.
WIDE = {
    "jobs.py": "the one loop that records the outcome of a job and goes on",
    "lab/readers/workbook.py": "the parser's panic is no Exception",
}

# A longer file holds more than one thing; here a reason stands against cutting it.
MOST_LINES = 300
LONGER: dict[str, str] = {}


@cache
def modules() -> None:
    """Every module of the project, imported, so that every Problem is known."""
    for found in pkgutil.walk_packages(screening.__path__, "screening."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def tracked() -> list[Path]:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("git is not here: which files belong to the project is not known")
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = (ROOT / name for name in out.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(CODE.rglob("*.py")):
        yield path.relative_to(CODE).as_posix(), path.read_text()


# --- views ----------------------------------------------------------------------------------


def views(app) -> Iterator[tuple[str, Rule]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule.endpoint, getattr(app.view_functions[rule.endpoint], "requires", None)


def test_every_view_wears_a_rule_of_roles_and_place(app):
    wrong = [
        endpoint
        for endpoint, rule in views(app)
        if rule is None or not isinstance(rule.at, At) or not (rule.public or rule.roles)
    ]
    assert not wrong


def test_what_is_open_to_everybody_stands_in_a_list(app):
    open_to_all = {endpoint for endpoint, rule in views(app) if rule and rule.public}
    assert open_to_all == set(PUBLIC)


def test_what_is_open_to_everybody_asks_for_no_place(app):
    assert not [e for e, rule in views(app) if rule.public and rule.at is not ANYWHERE]


def test_no_address_carries_words_about_a_person(app):
    wrong = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        asked = [(type(s).__name__, name) for s, location in getattr(view, "takes", ())
                 if location == "query" for name in s.fields]  # fmt: skip
        asked += [(rule.endpoint, name) for name in rule.arguments]
        wrong += [f"{rule.endpoint}: {name}" for where, name in asked
                  if PERSONAL.fullmatch(name) and (where, name) not in NOT_PERSONAL]  # fmt: skip
    by_hand = re.compile(r"request\.args(?:\.get(?:list)?\(|\[)\s*[\"'](\w+)[\"']")
    for path, text in sources():
        wrong += [f"{path}: {name}" for name in by_hand.findall(text)
                  if PERSONAL.fullmatch(name) and (path, name) not in NOT_PERSONAL]  # fmt: skip
    assert not wrong


def test_a_form_with_words_about_a_person_is_posted():
    wrong = []
    form = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.S | re.I)
    for page in sorted((ROOT / "templates").rglob("*.html")):
        for head, body in form.findall(page.read_text()):
            if not re.search(r"method\s*=\s*[\"']?post", head, re.I):
                names = re.findall(r"\bname=[\"'](\w+)[\"']", body)
                wrong += [f"{page.name}: {n}" for n in names if PERSONAL.fullmatch(n)]
    assert not [w for w in wrong if w != "areas.html: name"]


# --- the API's document ---------------------------------------------------------------------


def test_the_api_document_is_valid_and_names_every_route(app):
    with app.test_request_context(), warnings.catch_warnings():
        warnings.simplefilter("error")
        document = openapi.spec(app, "1")
    validate(document)
    routes = {
        (re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    said = {(path, m) for path, ops in document["paths"].items() for m in ops if m != "parameters"}
    assert said == routes


def test_every_route_of_the_api_says_in_a_sentence_what_it_does(app):
    bare = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not app.view_functions[rule.endpoint].__doc__
    }
    assert not bare


# --- commands and jobs ----------------------------------------------------------------------


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield path + name, command


def test_every_command_explains_itself(app):
    assert not [name for name, command in commands(app.cli) if not command.help]


def test_every_kind_of_job_explains_itself(app):
    assert not [kind for kind, work in jobs.KINDS.items() if not (work.__doc__ or "").strip()]
    assert set(jobs.SCHEDULES) <= set(jobs.KINDS)


# --- problems -------------------------------------------------------------------------------


def problems() -> list[type[errors.Problem]]:
    modules()
    found, new = set(), [errors.Problem]
    while new:
        kind = new.pop()
        found.add(kind)
        new += [k for k in kind.__subclasses__() if k not in found]
    return sorted(
        (k for k in found if k.__module__.startswith("screening.")), key=lambda k: k.__name__
    )


def test_every_problem_is_said_in_both_languages():
    for kind in problems():
        assert kind.zh.strip() and kind.en.strip(), kind
        if kind.zh != "{message}":
            assert re.search(r"[一-鿿]", kind.zh), f"{kind}: no Chinese"
        own = kind.__dict__
        assert ("zh" in own) == ("en" in own), f"{kind}: says itself in one language only"
        assert "zh" not in own or "code" in own, f"{kind}: words of its own, code of another"


def test_both_languages_tell_the_same_facts():
    def facts(text: str) -> list[str]:
        return sorted({re.sub(r"_?(zh|en)_?", "", name) for name in re.findall(r"{(\w+)", text)})

    assert not [k for k in problems() if facts(k.zh) != facts(k.en)]


def test_a_code_means_one_problem_and_is_plain():
    by_code = defaultdict(set)
    for kind in problems():
        if "code" in kind.__dict__:
            by_code[kind.code].add(f"{kind.__module__}.{kind.__name__}")
    assert not {code: kinds for code, kinds in by_code.items() if len(kinds) > 1}
    assert not [code for code in by_code if not re.fullmatch(r"[a-z][a-z0-9_]*", code)]


def test_a_constraint_that_a_problem_stands_for_exists():
    modules()
    names = {c.name for t in schema.metadata.tables.values() for c in (*t.constraints, *t.indexes)}
    assert set(errors.BY_CONSTRAINT) <= names


# --- tables and cells -----------------------------------------------------------------------


def test_models_and_migrations_say_the_same(app, database_url):
    from flask_migrate import check

    with app.app_context():
        check(directory=str(ROOT / "migrations"))  # ends the process with the difference


def big_tables():
    return [t for t in schema.metadata.tables.values() if t.name in schema.BIG]


def test_a_big_table_lies_in_cells():
    """Rule 1: the cell comes first in the key, and takes part in everything unique."""
    for table in big_tables():
        key = [c.name for c in table.primary_key.columns]
        assert key[0] == "cell_id", f"{table.name}: key {key}"
        unique = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
        unique += [i for i in table.indexes if i.unique]
        for one in unique:
            assert "cell_id" in one.columns, f"{table.name}: {one.name}"


def test_no_big_table_points_at_another():
    """Rule 3: cells may lie on different machines."""
    for table in big_tables():
        assert not {k.column.table.name for k in table.foreign_keys} & schema.BIG, table.name


def test_the_database_numbers_nothing_and_pulls_no_triggers(db_session):
    """Rule 4: ids come from the application, and what happens stands in the code."""
    from screening.db import fetch

    assert fetch("SELECT relname FROM pg_class WHERE relkind = 'S'") == []
    assert fetch("SELECT attrelid::regclass FROM pg_attribute WHERE attidentity <> ''") == []
    assert fetch("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == []


# --- statements -----------------------------------------------------------------------------


ROUTED = [
    "SELECT * FROM tube WHERE cell_id = %s AND round_id = %s",
    "SELECT 1 FROM tube t JOIN specimen s ON s.cell_id = t.cell_id WHERE t.cell_id = ANY(%s)",
    "INSERT INTO tube (cell_id, barcode) SELECT u.a, u.b FROM unnest(%s, %s) AS u(a, b)",
    "UPDATE tube SET n = 1 FROM unnest(%s) AS u(c) WHERE tube.cell_id = u.c",
    "SELECT * FROM tube WHERE (cell_id, barcode) IN (SELECT c, b FROM unnest(%s, %s) AS u(c, b))",
    "SELECT 1 FROM area a WHERE EXISTS (SELECT 1 FROM tube t WHERE t.cell_id = a.cell_id)",
    "WITH w AS (SELECT 1 AS cell_id) SELECT * FROM w JOIN person USING (cell_id)",
    "SELECT count(*) FROM tube /* fan-out: the worker counts */",
    "SELECT * FROM site WHERE name = 'from tube'",
]
UNROUTED = [
    "SELECT * FROM tube WHERE round_id = %s",
    "SELECT cell_id, count(*) FROM ticket GROUP BY cell_id",
    "SELECT 1 FROM tube t JOIN specimen s ON s.cell_id = t.cell_id WHERE t.round_id = %s",
    "SELECT 1 FROM tube t JOIN specimen s ON s.barcode = t.barcode WHERE t.cell_id = %s",
    "SELECT 1 FROM tube JOIN specimen USING (cell_id, barcode) WHERE round_id = %s",
    "SELECT * FROM person WHERE community_id IN (SELECT 1 FROM ticket WHERE cell_id = %s)",
    "UPDATE tube SET cell_id = 1",
    "DELETE FROM dirty",
    "SELECT count(*) FROM tube /* fan-out: */",
]


@pytest.mark.parametrize("statement", ROUTED)
def test_a_statement_that_names_its_cells_passes(statement):
    assert statements.unrouted(statement) == []


@pytest.mark.parametrize("statement", UNROUTED)
def test_a_statement_that_asks_every_cell_is_noticed(statement):
    assert statements.unrouted(statement)


def test_the_listener_hears_the_project_and_not_the_tests(db_session):
    from screening.db import fetch

    fetch("SELECT count(*) FROM tube")
    assert statements.offences == []
    asked = compile("fetch('SELECT count(*) FROM tube')", str(CODE / "tube" / "new.py"), "exec")
    exec(asked, {"fetch": fetch})
    heard, statements.offences[:] = list(statements.offences), []
    assert len(heard) == 1
    assert heard[0].startswith("screening/tube/new.py:1: tube without cell_id")


# --- the code -------------------------------------------------------------------------------


def test_only_the_tube_writes_tubes_custody_and_specimens():
    statement = re.compile(
        r"\b(?:INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|COPY)\s+(?:tube|custody|specimen)\b"
        r"|\binsert\(\s*[\"'](?:tube|custody|specimen)[\"']"
        r"|\b(?:update|delete|insert)\((?:\w+\.)?(?:Tube|Custody|Specimen)\b"
        r"|\badd(?:_all)?\(\[?(?:\w+\.)?(?:Tube|Custody|Specimen)\("
    )
    writers = {path for path, text in sources() if statement.search(text)}
    assert writers == {"tube/service/homes.py", "tube/service/writing.py"}


def test_nothing_unforeseen_is_caught_and_hidden():
    wrong = []
    for path, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and _is_wide(node) and path not in WIDE:
                wrong.append(f"{path}:{node.lineno}")
    assert not wrong


def _is_wide(handler: ast.ExceptHandler) -> bool:
    """Catches everything, and does not raise it again."""
    named = {n.id for n in ast.walk(handler.type or ast.Name("BaseException", ast.Load()))
             if isinstance(n, ast.Name)}  # fmt: skip
    again = any(isinstance(n, ast.Raise) and n.exc is None for n in handler.body)
    return bool(named & {"Exception", "BaseException"}) and not again


def test_a_module_is_about_one_thing_and_says_which():
    wrong = []
    for path, text in sources():
        if text.count("\n") > MOST_LINES and path not in LONGER:
            wrong.append(f"{path}: {text.count(chr(10))} lines")
        if not ast.get_docstring(ast.parse(text)):
            wrong.append(f"{path}: its first line does not say what it is for")
    assert not wrong


def test_every_act_of_a_service_says_what_it_does():
    bare = [
        f"{path}: {node.name}"
        for path, text in sources()
        if "service" in Path(path).with_suffix("").parts
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not bare


def test_no_file_has_a_name_that_says_nothing():
    wrong = []
    for path in tracked():
        if path.suffix in (".py", ".js", ".mjs", ".css"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            wrong += [str(path.relative_to(ROOT)) for part in parts if part.lower() in VAGUE]
    assert not wrong


def test_no_file_names_a_machine_or_a_host_of_packages():
    """A clone stands anywhere, and packages come from where the machine is told to get them."""
    hosts = ("py" "pi.org", "python" "hosted", "npm" "js.org", "npm" "js.com", "npm" "mirror",
             "tuna." "tsinghua", "mirrors" ".", "proxy." "golang", "crates" ".io", "gh" "cr.io",
             "docker" ".io", "deb." "debian")  # fmt: skip
    wrong = re.compile(
        r"(?<![\w.~}])/(?:root|home|work|Users)/\w|" + "|".join(re.escape(h) for h in hosts)
    )
    found = []
    for path in tracked():
        text = path.read_bytes().decode(errors="ignore")
        if "\0" not in text:
            name = path.relative_to(ROOT)
            found += [f"{name}:{text.count(chr(10), 0, m.start()) + 1}: {m[0]}"
                      for m in wrong.finditer(text)]  # fmt: skip
    assert not found
