"""What a scanner or a finger gives, made plain: width, case, white space, and the refusals."""

from __future__ import annotations

import re

from screening.errors import Problem

# White space, controls and zero-width marks that scanners, terminals and input methods add.
_EDGE = "\\x00-\\x20\\x7f-\\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff"
_EDGES = re.compile(f"^[{_EDGE}]+|[{_EDGE}]+$")
_SPACES = re.compile("[ \\xa0\u3000]")  # people type the digits in the groups they read
_AIM = re.compile(r"^\][A-Za-z][0-9]")  # a scanner's symbology identifier, as ]C0 for Code 128
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_MAX_HEX = 64  # characters shown of an odd read; a QR of a poster may hold kilobytes


class CodeProblem(Problem):
    """A number that cannot be taken as it was read."""

    status = 422
    code = "bad_code"
    zh = "这个码不能用。"
    en = "This code cannot be used."


class NothingRead(CodeProblem):
    code = "nothing_read"
    zh = "没有读到码，请再扫一次。"
    en = "Nothing was read; scan again."


class OddCharacters(CodeProblem):
    """`hex` keeps the read for whoever looks into the scanner: code points of what is odd."""

    code = "odd_characters"
    zh = "读到了不该有的字符，请再扫一次。"
    en = "The read holds characters that do not belong in a code; scan again."


class WrongLength(CodeProblem):
    code = "wrong_length"
    zh = "读到 {length} 位，应为 {wanted} 位，可能没有读全，请再扫一次。"
    en = "{length} characters were read, {wanted} are needed; it may be cut short: scan again."


class BadCheckDigits(CodeProblem):
    code = "bad_check_digits"
    zh = "校验位不对，读错或输错了，请再扫一次。"
    en = "The check digits do not fit, so it was misread or mistyped; scan again."


def normalise_scan(text: str) -> str:
    """Half width, upper case, no white space, no control at the ends, no symbology identifier."""
    plain = _EDGES.sub("", text.translate(_FULL_WIDTH))
    plain = _EDGES.sub("", _AIM.sub("", plain))
    # ASCII only: upper() of other alphabets makes new letters (ß → SS) in Python and not in all
    # browsers; they are refused as odd a step later and must be shown as they were read.
    return re.sub("[a-z]", lambda m: m[0].upper(), _SPACES.sub("", plain))


def hex_of(text: str) -> str:
    """The read in code points, with ".." for plain letters and digits and "??" for other letters.

    A read may be anybody's health code or document, so what could tell a person is not repeated.
    """
    return " ".join(_shown(char) for char in text[:_MAX_HEX])


def _shown(char: str) -> str:
    if char.isalnum():
        return ".." if char.isascii() else "??"
    return f"{ord(char):02x}"
