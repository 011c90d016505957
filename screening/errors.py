"""Every failure a user can see: a Problem with a stable code and one plain sentence in two languages."""

from __future__ import annotations

from typing import Any, ClassVar

BY_CODE: dict[str, type[Problem]] = {}
BY_CONSTRAINT: dict[str, type[Problem]] = {}


class Problem(Exception):
    """A refusal, told to people and machines alike (RFC 9457).

    Subclasses declare `status`, `code`, `zh`, `en`; the sentences are format strings filled from
    the keyword arguments, which also travel as members of the problem document. Personal values
    must never be passed in. `constraint` names the database constraint that means the same.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    zh: ClassVar[str] = "请求有误。"
    en: ClassVar[str] = "The request is not right."
    constraint: ClassVar[str | None] = None

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.code)

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        if "code" in cls.__dict__:
            BY_CODE[cls.code] = cls
        if cls.__dict__.get("constraint"):
            BY_CONSTRAINT[str(cls.constraint)] = cls

    def sentence(self, lang: str = "zh") -> str:
        """The one sentence for a person, in `lang` (zh or en)."""
        text = self.en if lang == "en" else self.zh
        return text.format_map(_Lenient(self.details))

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence('en')}"


class _Lenient(dict):
    def __missing__(self, key: str) -> str:
        return "?"


class Fault:
    """One fault of an input: a problem and where it stands (field, or row and column; 1-based)."""

    __slots__ = ("column", "field", "problem", "row")

    def __init__(
        self,
        problem: Problem,
        *,
        field: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        self.problem, self.field, self.row, self.column = problem, field, row, column

    def to_dict(self, lang: str) -> dict[str, Any]:
        out: dict[str, Any] = {"code": self.problem.code, "detail": self.problem.sentence(lang)}
        for name in ("field", "row", "column"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        return out


class Faults(Problem):
    """All faults of one input at once."""

    status = 422
    code = "faults"
    zh = "有 {count} 处需要改正。"
    en = "{count} things need to be put right."

    def __init__(self, faults: list[Fault], **details: Any) -> None:
        self.faults = faults
        super().__init__(count=len(faults), **details)


class BadField(Problem):
    status = 422
    code = "bad_field"
    zh = "{message}"
    en = "{message}"


class NotFound(Problem):
    status = 404
    code = "not_found"
    zh = "没有找到。"
    en = "Not found."


class NotSignedIn(Problem):
    status = 401
    code = "not_signed_in"
    zh = "请先登录。"
    en = "Please sign in first."


class NotAllowed(Problem):
    status = 403
    code = "not_allowed"
    zh = "您的角色或管辖范围不允许此操作。"
    en = "Your role or area does not allow this."


class TooLarge(Problem):
    status = 413
    code = "too_large"
    zh = "上传内容太大。"
    en = "The upload is too large."


class Conflict(Problem):
    status = 409
    code = "conflict"
    zh = "与已有的记录冲突。"
    en = "This conflicts with what is already recorded."


class TooMany(Problem):
    status = 429
    code = "too_many"
    zh = "尝试次数过多，请在 {seconds} 秒后再试。"
    en = "Too many tries; try again in {seconds} seconds."


class Unavailable(Problem):
    status = 503
    code = "unavailable"
    zh = "服务暂时不可用，请稍后再试；已保存的数据不会丢失。"
    en = "Not available for the moment; nothing that was saved is lost."


class Unexpected(Problem):
    status = 500
    code = "unexpected"
    zh = "系统出现意外错误，已记录（编号 {ref}）。没有任何数据被部分写入。"
    en = "Something unexpected happened and was recorded ({ref}). Nothing was half written."
