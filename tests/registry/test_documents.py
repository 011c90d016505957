"""Identity documents and names: one canonical form, plain reasons, masks that hide enough."""

from __future__ import annotations

from datetime import date

import pytest

from screening.registry import documents as d
from screening.registry import names
from screening.registry.check_digits import gb11643
from screening.registry.countries import country_code
from screening.registry.documents import DocType, Document, mask, normalise


def citizen(first17: str) -> str:
    return first17 + gb11643(first17)


# --- citizen numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_published_citizen_numbers_are_taken(number):
    assert normalise("resident_id", number) == Document(DocType.RESIDENT_ID, number)


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "110105-19491231-002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "11010519491231002ｘ\r\n",
        "110105491231002",
    ],
)
def test_every_way_of_typing_a_citizen_number_finds_the_same_person(typed):
    assert normalise("resident_id", typed).key == "resident_id:11010519491231002X"


@pytest.mark.parametrize("area", ["440311", "130638", "610118", "330113", "500158", "140105"])
def test_new_and_young_areas_are_taken_without_a_word(area):
    document = normalise("resident_id", citizen(f"{area}19900101123"))
    assert not d.odd_region(document)


def test_an_area_of_no_province_is_a_warning_and_no_refusal():
    assert d.odd_region(normalise("resident_id", citizen("19010519900101123")))


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", d.DocumentMissing),
        (None, d.DocumentMissing),
        (" \u3000", d.DocumentMissing),
        ("11010519491231002", d.DocumentLength),
        ("11010519491231002XX", d.DocumentLength),
        ("110105194912310021", d.DocumentCheck),
        ("110105194912310O2X", d.DocumentForm),
        ("X1010519491231002X", d.DocumentForm),
        (citizen("11010519490230002"), d.DocumentDate),
        (citizen("11010519491331002"), d.DocumentDate),
        (citizen("11010517001231002"), d.DocumentDate),
        ("110105490230002", d.DocumentDate),
        ("1.10105E+17", d.DocumentSpreadsheet),
        ("1.10105194912310E17", d.DocumentSpreadsheet),
    ],
)
def test_a_wrong_citizen_number_is_refused_with_its_own_reason(typed, problem):
    with pytest.raises(problem) as fault:
        normalise("resident_id", typed)
    assert type(fault.value) is problem
    assert fault.value.code.startswith("document_")
    assert not typed or typed not in fault.value.sentence("zh") + fault.value.sentence("en")


def test_one_wrong_digit_of_a_citizen_number_is_always_seen():
    number = "11010519491231002X"
    for place in range(17):
        for digit in "0123456789".replace(number[place], ""):
            with pytest.raises(d.BadDocument):
                normalise("resident_id", number[:place] + digit + number[place + 1 :])


def test_nobody_is_born_after_today():
    number = citizen("14010520261123001")
    assert normalise("resident_id", number)
    with pytest.raises(d.DocumentDate):
        normalise("resident_id", number, today=date(2026, 11, 22))


# --- other documents -----------------------------------------------------------------------------

HONG_KONG = citizen("81000019900101123")
FOREIGNER = citizen("91141019900101123")


@pytest.mark.parametrize(
    ("kind", "typed", "country", "number"),
    [
        ("hmt_residence", HONG_KONG, None, HONG_KONG),
        ("home_return", "h12345678", None, "H12345678"),
        ("home_return", "M1234567802", None, "M12345678"),
        ("taiwan_permit", "12345678", None, "12345678"),
        ("taiwan_permit", "1234567801", None, "12345678"),
        ("taiwan_permit", "1234567801(B)", None, "12345678"),
        ("foreign_residence", "KOR140190010112"[:15], None, "KOR140190010112"),
        ("foreign_residence", FOREIGNER, None, FOREIGNER),
        ("passport", "e 1234-5678", "GBR", "GB-E12345678"),
        ("passport", "E12345678", "英国", "GB-E12345678"),
        ("passport", "gb-e12345678", None, "GB-E12345678"),
        ("passport", "C01X00T47", "D", "DE-C01X00T47"),
        ("officer_card", "军字第1234567号", None, "军1234567"),
        ("officer_card", "军1234567", None, "军1234567"),
        ("household_book", "123456789", None, "123456789"),
        ("household_book", "123456789-2", None, "123456789-02"),
        ("none", "", None, ""),
    ],
)
def test_documents_have_one_canonical_form(kind, typed, country, number):
    document = normalise(kind, typed, country)
    assert document == Document(DocType(kind), number)
    assert normalise(document.type, document.number) == document


@pytest.mark.parametrize(
    ("kind", "typed", "country", "problem"),
    [
        ("hmt_residence", "11010519491231002X", None, d.DocumentForm),
        ("home_return", "K12345678", None, d.DocumentForm),
        ("home_return", "H1234567", None, d.DocumentLength),
        ("home_return", "H123456789", None, d.DocumentLength),
        ("taiwan_permit", "1234567", None, d.DocumentLength),
        ("taiwan_permit", "A2345678", None, d.DocumentForm),
        ("foreign_residence", "KO1234567890123", None, d.DocumentForm),
        ("foreign_residence", "KOR12345", None, d.DocumentLength),
        (
            "foreign_residence",
            FOREIGNER[:-1] + ("0" if FOREIGNER[-1] != "0" else "1"),
            None,
            d.DocumentCheck,
        ),
        ("passport", "E12345678", None, d.DocumentCountry),
        ("passport", "E12345678", "Atlantis", d.DocumentCountry),
        ("passport", "E123", "US", d.DocumentLength),
        ("passport", "E1234567890123456", "US", d.DocumentLength),
        ("passport", "E123_456", "US", d.DocumentForm),
        ("officer_card", "军字第", None, d.DocumentForm),
        ("household_book", "<script>", None, d.DocumentForm),
        ("newborn", "11010519491231002X", None, d.DocumentForm),
        ("newborn", "none:1/20260101/1", None, d.DocumentForm),
        ("newborn", "11010519491231002X/20260231", None, d.DocumentDate),
        ("newborn", "110105194912310021/20260201", None, d.DocumentCheck),
        ("library card", "123", None, d.UnknownDocumentType),
    ],
)
def test_wrong_documents_are_refused_with_their_own_reason(kind, typed, country, problem):
    with pytest.raises(problem) as fault:
        normalise(kind, typed, country)
    assert type(fault.value) is problem


def test_a_residence_permit_entered_as_an_identity_card_finds_the_same_person():
    assert normalise("resident_id", HONG_KONG) == normalise("hmt_residence", HONG_KONG)
    assert normalise("resident_id", FOREIGNER) == normalise("foreign_residence", FOREIGNER)


def test_twins_without_paper_are_two_persons_under_one_guardian():
    guardian = normalise("resident_id", "110105491231002")
    born = date(2026, 11, 1)
    first, second = d.newborn(guardian, born), d.newborn(guardian, born, 2)
    assert first != second
    assert d.birth_date(first) == born
    assert normalise("newborn", first.number) == first
    assert normalise("新生儿", "11010519491231002x-20261101-2") == second
    assert normalise("newborn", "11010519491231002X/20261101") == first


def test_a_foreign_guardian_s_newborn_is_known_by_the_guardian_s_passport():
    guardian = normalise("passport", "E12345678", "FRA")
    child = d.newborn(guardian, date(2026, 11, 1))
    assert normalise("newborn", child.number) == child
    assert normalise("newborn", "FR-E12345678-20261101-1") == child


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("11010519491231002x", DocType.RESIDENT_ID),
        (HONG_KONG, DocType.HMT_RESIDENCE),
        ("H12345678", DocType.HOME_RETURN),
        ("12345678", DocType.TAIWAN_PERMIT),
        ("KOR140190010112", DocType.FOREIGN_RESIDENCE),
        ("FR-E12345678", DocType.PASSPORT),
    ],
)
def test_a_number_typed_alone_is_recognised_by_its_form(typed, kind):
    assert d.recognise(typed).type is kind


def test_a_mistyped_citizen_number_is_told_as_such_and_not_as_another_document():
    with pytest.raises(d.DocumentCheck):
        d.recognise("110105194912310021")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("身份证", DocType.RESIDENT_ID),
        ("居民身份证", DocType.RESIDENT_ID),
        ("RESIDENT_ID", DocType.RESIDENT_ID),
        (" 护照 ", DocType.PASSPORT),
        ("Passport", DocType.PASSPORT),
        ("台胞证", DocType.TAIWAN_PERMIT),
        ("新生儿（无证件）", DocType.NEWBORN),
        ("Residence permit (Hong Kong, Macau, Taiwan)", DocType.HMT_RESIDENCE),
    ],
)
def test_kinds_are_known_by_code_and_by_name(name, kind):
    assert d.doc_type(name) is kind


@pytest.mark.parametrize("kind", list(DocType))
def test_every_kind_is_known_by_its_own_words(kind):
    assert [d.doc_type(word) for word in (kind.value, *d.WORDS[kind])] == [kind] * 3


def test_the_birth_date_comes_from_the_number_that_states_it():
    assert d.birth_date(normalise("resident_id", "11010519491231002X")) == date(1949, 12, 31)
    assert d.birth_date(normalise("foreign_residence", FOREIGNER)) == date(1990, 1, 1)
    assert d.birth_date(normalise("passport", "E12345678", "US")) is None


@pytest.mark.parametrize(
    ("kind", "typed", "country", "masked", "last"),
    [
        ("resident_id", "11010519491231002X", None, "110***********002X", "002X"),
        ("home_return", "H12345678", None, "H*****678", "5678"),
        ("taiwan_permit", "12345678", None, "1****678", "5678"),
        ("passport", "E12345678", "GB", "GB-E*****678", "5678"),
        ("passport", "E1234", "GB", "GB-***34", "1234"),
        ("household_book", "123456789-02", None, "1********-02", "9-02"),
        ("officer_card", "军字第1234567号", None, "军****567", "4567"),
        ("newborn", "11010519491231002X/20261101/2", None, "110***********002X/2", "002X"),
        ("none", "", None, "", ""),
    ],
)
def test_masks_hide_the_birth_date_and_most_of_the_number(kind, typed, country, masked, last):
    document = normalise(kind, typed, country)
    assert (mask(document), d.last4(document)) == (masked, last)


def test_a_person_without_document_has_no_key_to_be_found_by():
    assert normalise("none", "").key is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("KOR", "KR"),
        ("韩国", "KR"),
        ("South Korea", "KR"),
        ("kr", "KR"),
        ("GBN", "GB"),
        ("香港", "HK"),
        ("RUS", "RU"),
        ("俄罗斯", "RU"),
        ("", None),
        (None, None),
        ("World", None),
        ("XQ", None),
    ],
)
def test_countries_are_known_by_codes_and_names(written, code):
    assert country_code(written) == code


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 李　四 ", "李四"),
        ("买买提•艾山", "买买提·艾山"),
        ("买买提・艾山", "买买提·艾山"),
        ("买买提 ‧ 艾山", "买买提·艾山"),
        ("买买提∙艾山·", "买买提·艾山"),
        ("买买提.艾山", "买买提·艾山"),
        ("Ｊｏｈｎ　Smith", "John Smith"),
        ("O'BRIEN  VAN-DYKE", "O'BRIEN VAN-DYKE"),
        ("MU\u0308LLER", "MÜLLER"),
        ("䶮㼆𬀩", "䶮㼆𬀩"),
        ("\ufa11田", "\ufa11田"),
        ("\ue863", "\ue863"),
        ("李\u200b四\ufeff", "李四"),
    ],
)
def test_names_are_written_one_way_and_keep_every_character(typed, kept):
    assert names.normalise_name(typed) == kept
    assert names.normalise_name(kept) == kept


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("买买提·艾山", "买买提艾山", True),
        ("Li Si", "LI  SI", True),
        ("O'Brien", "OBRIEN", True),
        ("李四", "李 四", True),
        ("李四", "李五", False),
        ("䶮", "龑", False),
    ],
)
def test_case_12_spellings_that_differ_in_width_case_and_dots_are_the_same_name(a, b, same):
    assert names.same_name(a, b) is same


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("李四", "李*"),
        ("李小四", "李**"),
        ("欧阳娜娜", "欧阳**"),
        ("歐陽娜", "歐陽*"),
        ("欧阳", "欧*"),
        ("李", "李"),
        ("", ""),
        ("买买提•艾山", "买买提·**"),
        ("买买提·艾山·库尔班", "买买提·**·***"),
        ("John Smith", "J*** S****"),
        ("O'BRIEN VAN-DYKE", "O****** V**-D***"),
        ("𬀩䶮", "𬀩*"),
    ],
)
def test_masks_keep_the_surname(name, masked):
    assert names.mask_name(name) == masked


def test_digits_of_another_script_are_no_permit_number() -> None:
    with pytest.raises(d.DocumentForm):
        normalise(DocType.TAIWAN_PERMIT, "١٢٣٤٥٦٧٨")
