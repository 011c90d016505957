"""Numbers of tubes, boxes and people: what is made, what is read, what is refused."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from screening.errors import BY_CODE, Problem
from screening.registry import check_digits, documents, signed_codes
from screening.tube import codes
from screening.tube.codes import Kind, Pattern, expect, make_code, read_code

HERE = Path(__file__).resolve().parents[1]
VECTORS = json.loads((HERE / "vectors" / "codes.json").read_text(encoding="utf-8"))
PATTERNS = [Pattern(**{**p, "kind": Kind[p["kind"].upper()]}) for p in VECTORS["patterns"]]
KINDS = list(Kind)


def outcome(act):
    try:
        return act()
    except Problem as fault:
        sentences = {"zh": fault.sentence("zh"), "en": fault.sentence("en")}
        return {"code": fault.code, **sentences, "details": fault.details}


# --- check digits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "payload", "digits"),
    [
        ("mod97_10", "794", "44"),  # ISO/IEC 7064, worked example
        ("mod11_10", "0794", "5"),  # ISO/IEC 7064, worked example
        ("luhn", "7992739871", "3"),
        ("gs1_mod10", "400638133393", "1"),
        ("gb11643", "11010519491231002", "X"),  # GB 11643, worked example
        ("gb11643", "44052418800101001", "4"),
    ],
)
def test_published_examples_of_check_digits_hold(check, payload, digits):
    assert getattr(check_digits, check)(payload) == digits


@pytest.mark.parametrize("v", VECTORS["check_digits"], ids=lambda v: v["check"])
def test_check_digits_are_those_of_the_shared_vectors(v):
    assert getattr(check_digits, v["check"])(v["payload"]) == v["digits"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_wrong_digit_is_always_seen(kind):
    code = make_code(kind, 427)
    for place in range(2, len(code)):
        for digit in "0123456789".replace(code[place], ""):
            with pytest.raises(codes.BadCheckDigits):
                read_code(code[:place] + digit + code[place + 1 :])


@pytest.mark.parametrize("serial", [12, 4271, 98765, 120034])
def test_two_neighbours_changed_over_are_always_seen(serial):
    code = make_code(Kind.TUBE, serial)
    for place in range(2, len(code) - 1):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        if swapped != code:
            with pytest.raises(codes.BadCheckDigits):
                read_code(swapped)


# --- own numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("practice", [False, True])
def test_own_numbers_are_digits_of_even_length_and_read_back(kind, practice):
    code = make_code(kind, 4271, practice=practice)
    assert re.fullmatch("[0-9]+", code)
    assert len(code) % 2 == 0
    reading = read_code(code)
    assert (reading.kind, reading.serial, reading.practice) == (kind, 4271, practice)


def test_a_tube_has_fourteen_digits_a_box_and_a_seal_twelve():
    assert [len(make_code(k, 1)) for k in (Kind.TUBE, Kind.BOX, Kind.SEAL)] == [14, 12, 12]


@pytest.mark.parametrize("serial", [-1, 10**10])
def test_a_serial_that_does_not_fit_is_refused_at_printing(serial):
    with pytest.raises(ValueError, match="serial of a tube"):
        make_code(Kind.TUBE, serial)


def test_a_run_of_numbers_has_no_two_alike():
    assert len(set(codes.make_codes(Kind.TUBE, range(5000)))) == 5000


@pytest.mark.parametrize("v", VECTORS["made"], ids=lambda v: v["text"])
def test_numbers_are_made_as_in_the_shared_vectors(v):
    assert make_code(Kind[v["kind"].upper()], v["serial"], practice=v["practice"]) == v["text"]


@pytest.mark.parametrize("v", VECTORS["reads"], ids=lambda v: ascii(v["read"])[:40])
def test_reads_end_as_in_the_shared_vectors(v):
    def act():
        r = read_code(v["read"], PATTERNS)
        return {
            "kind": r.kind.word,
            "text": r.text,
            "serial": None if r.serial is None else str(r.serial),
            "foreign": r.foreign.name if r.foreign else None,
            "practice": r.practice,
            "cell": r.cell,
        }

    assert {"read": v["read"], **outcome(act)} == v


@pytest.mark.parametrize("v", VECTORS["expected"], ids=lambda v: f"{v['read']}-{v['wanted']}")
def test_screens_get_what_they_asked_for_or_the_reason(v):
    def act():
        kind = Kind[v["wanted"].upper()]
        reading = expect(v["read"], kind, practice=v["practice"], patterns=PATTERNS)
        return {"kind": reading.kind.word}

    got = outcome(act)
    got.pop("details", None)
    assert {key: v[key] for key in ("read", "wanted", "practice")} | got == v


def test_case_19_a_box_scanned_as_a_tube_is_refused_by_its_type_digit():
    with pytest.raises(codes.WrongKind) as fault:
        expect(make_code(Kind.BOX, 17), Kind.TUBE)
    assert fault.value.sentence("zh") == "这是转运箱码，这里要扫采样管码。"
    assert fault.value.sentence("en") == "This is the code of a box; a tube is needed here."


def test_case_20_an_odd_character_keeps_its_code_point_and_nothing_of_the_person():
    with pytest.raises(codes.OddCharacters) as fault:
        read_code("李四11010519\x1d49")
    assert fault.value.details["hex"] == "?? ?? .. .. .. .. .. .. .. .. 1d .. .."


def test_case_50_practice_and_live_refuse_each_other():
    with pytest.raises(codes.PracticeCode):
        expect(make_code(Kind.TUBE, 1, practice=True), Kind.TUBE)
    with pytest.raises(codes.LiveCode):
        expect(make_code(Kind.TUBE, 1), Kind.TUBE, practice=True)


def test_no_refusal_repeats_what_was_read():
    for v in VECTORS["reads"]:
        if "code" in v and len(v["read"]) > 3:
            assert v["read"] not in v["zh"] + v["en"] + json.dumps(v["details"])


def test_digits_are_shown_in_fours_from_the_right():
    assert [codes.grouped(v["text"]) for v in VECTORS["grouped"]] == [
        v["shown"] for v in VECTORS["grouped"]
    ]


# --- foreign labels ------------------------------------------------------------------------------


def test_a_box_of_ours_is_not_taken_for_a_foreign_tube():
    catch_all = Pattern("any twelve digits", Kind.TUBE, r"\d{12}")
    assert read_code("123456789012", [catch_all]).foreign == catch_all
    assert read_code(make_code(Kind.BOX, 3), [catch_all]).kind is Kind.BOX


def test_the_first_pattern_that_passes_its_check_reads_the_label():
    strict = Pattern("strict", Kind.TUBE, r"8\d{12}", 13, "gs1_mod10")
    loose = Pattern("loose", Kind.BOX, r"8\d{12}", 13, "luhn")
    code = "800638133393" + check_digits.gs1_mod10("800638133393")
    assert read_code(code, [loose, strict]).foreign == strict


@pytest.mark.parametrize(
    "regex",
    [r"[A-Z]{2}\d{8}", r"QD([0-9]{10})", r"BX-\d{4}-?[0-9]{2}", r"^\d{12,16}$", "[A-Z0-9-]{9}"],
)
def test_plain_label_patterns_are_taken(regex):
    assert codes.check_pattern(Pattern("p", Kind.TUBE, regex)).regex == regex


@pytest.mark.parametrize(
    "regex",
    ["", r"\d+", r"(\d+)+", r"(?=1)\d", r"(\d{2}){3}", r"[9-0]", r"\d{1,9}" * 4, "[", "é", "a|b"],
)
def test_patterns_that_could_run_away_or_differ_in_a_browser_are_refused(regex):
    with pytest.raises(codes.BadPattern) as fault:
        codes.check_pattern(Pattern("甲厂", Kind.TUBE, regex))
    assert "甲厂" in fault.value.sentence("zh")
    assert "{n,m}" in fault.value.sentence("en")


@pytest.mark.parametrize(("length", "check"), [(0, None), (33, None), (9, "md5")])
def test_a_pattern_needs_a_possible_length_and_a_known_check(length, check):
    with pytest.raises(codes.BadPattern):
        codes.check_pattern(Pattern("p", Kind.TUBE, r"\d{9}", length, check))


# --- people --------------------------------------------------------------------------------------


@pytest.mark.parametrize("v", VECTORS["residents"], ids=lambda v: v["text"])
def test_resident_codes_name_a_cell_and_a_person(v):
    assert codes.make_resident_code(v["cell"], int(v["person"])) == v["text"]
    assert codes.read_resident_code(v["text"]) == (v["cell"], int(v["person"]))


def test_a_hyphen_in_the_wrong_place_is_another_person_and_seen():
    code = codes.make_resident_code(12, 345)
    with pytest.raises(codes.BadCheckDigits):
        codes.read_resident_code(code.replace("12-345", "1-2345"))


@pytest.mark.parametrize(
    "text", ["", "R1.", "R2.1-1-00", "110105194912310021", "R1.9999999999-1-08"]
)
def test_other_texts_are_no_resident_code(text):
    with pytest.raises(codes.CodeProblem):
        codes.read_resident_code(text)


@pytest.mark.parametrize("v", VECTORS["access"], ids=lambda v: ascii(v["typed"]))
def test_access_codes_forgive_what_people_mistake_and_nothing_else(v):
    got = outcome(lambda: codes.normalise_access_code(v["typed"]))
    assert got == v["code"] if "code" in v else got["code"] == v["problem"]


def test_a_new_access_code_is_three_groups_of_four_and_reads_back():
    code = codes.new_access_code(random.Random(1).randrange)
    assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert codes.show_access_code(codes.normalise_access_code(code.lower())) == code


def test_one_wrong_character_of_an_access_code_is_always_seen():
    code = codes.normalise_access_code(codes.new_access_code(random.Random(2).randrange))
    for place in range(12):
        for char in "0123456789ABCDEFGHJKMNPQRSTVWXYZ".replace(code[place], ""):
            with pytest.raises(codes.BadAccessCode):
                codes.normalise_access_code(code[:place] + char + code[place + 1 :])


# --- the same on the device ----------------------------------------------------------------------


def test_the_phone_says_the_servers_sentences_word_for_word():
    """That it reads the same vectors is held by tests/pwa/codes.test.js."""
    node = shutil.which("node")
    if not node:
        pytest.skip("Node.js is not installed, so the phone's sentences were not compared.")
    script = (
        'const codes = await import("./pwa/scan/codes.js");'
        'const { SAID } = await import("./pwa/scan/problems.js");'
        "console.log(JSON.stringify({ ...codes.SENTENCES, ...SAID }));"
    )
    ran = subprocess.run(
        [node, "--input-type=module", "-e", script],
        cwd=HERE.parent, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    own = {"use_id_card", "mrz_check_digit", "mrz_incomplete", "card_line", "frame_damaged"}
    assert own < set(said)
    signed = (signed_codes.BadCodeSignature, signed_codes.CodeExpired)
    known = BY_CODE | {p.code: p for p in (*documents.BadDocument.__subclasses__(), *signed)}
    for code in set(said) - own:
        assert said[code] == {"zh": known[code].zh, "en": known[code].en}, code
