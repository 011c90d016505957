"""The documents keep up with the house: commands, routes, jobs, settings, words and links."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from click import Group

from screening import config, jobs
from screening.accounts.roles import Role
from screening.ledger.rules import PARTS
from screening.tickets.rules import KINDS, SOLUTIONS
from screening.tube.rules import Stage

ROOT = Path(__file__).resolve().parent.parent
FRAMEWORK = {"run", "shell", "routes", "db"}  # Flask's own; db is documented as a group
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.M)
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def pages() -> list[Path]:
    """Every document that is, or is about to be, part of the project."""
    asked = ["git", "ls-files", "-co", "--exclude-standard", "*.md"]
    try:
        said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        found = [ROOT / line for line in said.splitlines()]
    except (OSError, subprocess.CalledProcessError):  # an archive without its history
        found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")]
    return sorted(p for p in found if p.exists())


@cache
def everything() -> str:
    return "\n".join(p.read_text("utf-8") for p in pages())


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    heads = HEADING.findall(FENCE.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(page):
    dead = []
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_both_commands(page):
    assert {"make demo", "make test"} <= set(re.findall(r"make \w+", text(page)))


def test_both_readmes_speak_of_the_same_things():
    one, other = (LINK.findall(text(p)) for p in ("README.md", "README.zh-CN.md"))
    assert sorted({*one, "README.md"}) == sorted({*other, "README.zh-CN.md"})


def test_every_target_that_a_document_names_exists():
    there = set(re.findall(r"^([a-z0-9-]+):", text("Makefile"), re.M))
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z0-9-]*)", everything(), re.M))
    assert named <= there


def test_every_command_is_documented(app):
    names = []
    for name, command in app.cli.commands.items():
        if name in FRAMEWORK:
            continue
        inner = command.commands if isinstance(command, Group) else {}
        names += [f"{name} {sub}" for sub in inner] or [name]
    assert names
    words = re.compile(r"(?:--app wsgi |`)([a-z-]+(?: [a-z-]+)?)")
    said = set(words.findall(everything()))
    said |= {s.split()[0] for s in said}
    assert [n for n in names if n not in said] == []


def test_every_group_of_the_api_is_documented(app):
    groups = {
        r.rule.removeprefix("/api/v1").split("/")[1]
        for r in app.url_map.iter_rules()
        if r.rule.startswith("/api/v1/")
    }
    page = text("docs/architecture.md")
    assert groups
    assert sorted(g for g in groups if f"`/{g}`" not in page) == []


def test_every_kind_of_job_is_documented(app):
    page = text("docs/architecture.md")
    own = {k for k, fn in jobs.KINDS.items() if fn.__module__.startswith("screening.")}
    assert own
    assert sorted(k for k in own if f"`{k}`" not in page) == []


def test_every_setting_is_documented():
    page = text("docs/operations.md")
    assert [name for name in config.KNOWN if name not in page] == []


def test_every_table_is_documented():
    from screening import schema

    page = text("docs/database.md")
    assert sorted(t for t in schema.metadata.tables if f"`{t}`" not in page) == []


@pytest.mark.parametrize("words", [
    [*KINDS], [*SOLUTIONS], [*PARTS], [r.value for r in Role], [f"Stage.{s.name}" for s in Stage],
], ids=["tickets", "solutions", "parts", "roles", "stages"])  # fmt: skip
def test_every_word_of_the_field_is_in_the_glossary(words):
    page = text("docs/glossary.md")
    assert [w for w in words if f"`{w}`" not in page] == []


def test_every_decision_is_in_the_list():
    files = {p.name for p in (ROOT / "docs" / "adr").glob("0*.md")}
    assert {link for link in LINK.findall(text("docs/adr/README.md"))} == files


def test_pictures_are_small():
    for picture in (ROOT / "docs" / "images").glob("*.png"):
        assert picture.stat().st_size < 300_000
