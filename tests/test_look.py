"""The shell and the parts of pages: what they show, and that a strict browser would show it too."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask, render_template, render_template_string

from screening import i18n
from screening.errors import BadField, Fault

ROOT = Path(__file__).resolve().parent.parent
AT = datetime(2026, 11, 22, 0, 42, 10, tzinfo=UTC)
UI = '{% import "_macros.html" as ui %}'


@pytest.fixture(scope="module")
def pages() -> Flask:
    app = Flask("screening", template_folder=ROOT / "templates", static_folder=ROOT / "static")
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    i18n.init_i18n(app)
    return app


@pytest.fixture
def show(pages):
    def render(source: str, lang: str = "zh", **values) -> str:
        with pages.test_request_context("/tubes/7?x=1", headers={"Cookie": f"lang={lang}"}):
            if source.endswith(".html"):
                return render_template(source, **values)
            return " ".join(render_template_string(UI + source, **values).split())

    return render


def funnel(*counts: int) -> list[dict]:
    keys = zip(("due", "collect", "deliver", "test", "report"), "应采送检报", counts, strict=True)
    steps = [{"key": k, "label": w, "count": n, "href": f"/{k}"} for k, w, n in keys]
    for step, then in pairwise(steps):
        gap = step["count"] - then["count"]
        step["stuck"] = {"label": "待", "count": gap, "href": "/stuck", "minutes": 134}
    return steps


def depths(html: str) -> list[float]:
    """How thick the lying drawing is at each link."""
    nodes = re.findall(r'class="lying">.*?class="node" d="M0(?:\.0)? 0(?:\.0)? .*?"', html)
    return [float(re.findall(r"L[\d.]+ ([\d.]+)", node)[-1]) for node in nodes]


def test_the_funnel_is_true_to_its_numbers(show):
    html = show("{{ ui.funnel(steps) }}", steps=funnel(20000, 10000, 5000, 2500, 2500))
    assert depths(html) == [60.0, 30.0, 15.0, 7.5, 7.5]


def test_what_is_stuck_bulges_with_its_count_and_oldest_age(show):
    html = show("{{ ui.funnel(steps) }}", steps=funnel(100, 90, 90, 40, 40))
    assert html.count('class="bulge"') == 2 * 2  # two gaps, each lying and standing
    assert "最久 2 小时 14 分" in html
    assert 'href="/stuck"' in html


def test_a_funnel_of_nothing_can_be_drawn(show):
    assert depths(show("{{ ui.funnel(steps) }}", steps=funnel(0, 0, 0, 0, 0))) == [0.0] * 5


def test_a_figure_is_a_door_with_its_definition_and_its_time(show):
    html = show("{{ ui.figure(2964, '未检', '/missed', '应检而未采的人。', at) }}", at=AT)
    assert 'href="/missed"' in html
    assert {"2,964", "应检而未采的人。", "截至 08:42:10"} <= set(re.split(r"[<>]", html))


def test_a_state_is_told_by_shape_and_word_not_by_colour_alone(show):
    html = show("{{ ui.state_badge('stop', '超时') }}")
    assert "icons.svg#stop" in html
    assert "超时" in html


def test_names_are_escaped_wherever_they_are_shown(show):
    rows = [{"name": "<script>alert(1)</script>", "n": 1}]
    columns = [{"key": "name", "label": "<b>"}, {"key": "n", "label": "n", "kind": "num"}]
    html = show("{{ ui.table(columns, rows) }}{{ ui.notice('<i>') }}", columns=columns, rows=rows)
    assert not re.search(r"<(script|b|i)>", html)


def test_a_table_writes_each_kind_its_own_way_and_sorts_by_the_value(show):
    kinds = {"n": "num", "r": "rate", "at": "dt", "m": "age"}
    columns = [{"key": k, "label": k, "kind": v} for k, v in kinds.items()]
    rows = [{"n": 1204, "r": (2914, 2964), "at": AT, "m": 134}]
    html = show("{{ ui.table(columns, rows) }}", columns=columns, rows=rows)
    for text in ("1,204", "98.3%", "2,914 / 2,964", "2026-11-22 08:42", "2 小时 14 分"):
        assert text in html
    assert re.findall(r'data-v="([^"]+)"', html)[0::3] == ["1204", "8040"]


def test_a_page_may_draw_a_cell_itself(show):
    source = (
        "{% call(row, c) ui.table([{'key': 'a', 'label': 'A'}], rows) %}[{{ row.a }}]{% endcall %}"
    )
    assert "[7]" in show(source, rows=[{"a": 7}])


def test_an_empty_table_says_why_and_what_to_do(show):
    html = show(
        "{{ ui.table([], [], empty_title='没有', empty_why='因为', empty_action='做', empty_href='/x') }}"
    )
    assert "<table" not in html
    assert all(word in html for word in ("没有", "因为", 'href="/x">做'))


def test_a_fault_stands_beside_its_field_and_is_read_with_it(show):
    faults = [
        Fault(BadField(message="太短"), field="phone"),
        Fault(BadField(message="x"), field="y"),
    ]
    html = show("{{ ui.form_field('phone', '手机', '138', faults=faults) }}", faults=faults)
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="f-phone-fault"' in html
    assert re.search(r'id="f-phone-fault">.*太短', html)


def test_a_password_is_never_written_back(show):
    assert "secret" not in show("{{ ui.form_field('p', 'P', 'secret', 'password') }}")


def test_all_faults_of_a_file_are_listed_with_row_and_column(show):
    faults = [Fault(BadField(message="校验位不对"), row=1204, column="证件号码")]
    html = show("{{ ui.problem_list(faults) }}", faults=faults)
    assert "第 1,204 行 证件号码" in html


def test_a_destructive_act_asks_once_and_carries_the_token(show):
    html = show("{{ ui.confirm_button('作废', '/void', '这些标签不能再用。', fields={'run': 7}) }}")
    assert html.startswith("<details")
    assert "这些标签不能再用。" in html
    assert 'name="csrf_token" value="token"' in html


def test_long_work_is_asked_again_only_while_it_lives(show):
    job = {"id": 1, "title": "导入", "done": 5, "total": 10}
    source = "{{ ui.progress(job, '/jobs/1') }}"
    assert 'data-poll="/jobs/1"' in show(source, job=job | {"state": "running"})
    assert "data-poll" not in show(source, job=job | {"state": "done"})


def test_the_parts_speak_the_language_of_each_reader_in_turn(show):
    source = "{{ ui.state_badge('ok') }}"
    assert [("正常" in show(source, lang)) for lang in ("zh", "en", "zh")] == [True, False, True]


def test_the_navigation_marks_the_one_page_that_is_open(show):
    nav = [{"url": u, "label": u} for u in ("/", "/tubes", "/tube", "/tickets")]
    html = show("home.html", nav=nav, me={"name": "王芳", "number": "2000001", "roles": []})
    assert re.findall(r'href="([^"]+)" aria-current', html) == ["/tubes"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500])
def test_an_error_page_says_the_sentence_the_code_and_a_way_on(show, status):
    html = show("error.html", status=status, code="some_code", sentence="不行。")
    assert "不行。" in html
    assert f"{status} some_code" in html
    assert 'class="btn btn-primary" href="/' in html


class Strict(HTMLParser):
    """What a browser under `script-src 'self'; style-src 'self'` would refuse to run or paint."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.refused.append(tag)
        self.refused += [n for n in names if n == "style" or n.startswith("on")]
        self.refused += [
            v for n, v in attrs if n in ("src", "href") and re.match(r"(?!tel:)\w+:|//", v or "")
        ]


def test_no_template_needs_more_than_the_strictest_policy():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        parser = Strict()
        parser.feed(path.read_text("utf-8"))
        assert not parser.refused, f"{path.relative_to(ROOT)}: {parser.refused}"


def test_the_modules_of_the_pages_hold_on_their_own():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; the JavaScript modules were not tested")
    run = subprocess.run(
        [node, "--test", "tests/js/test_modules.mjs"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
