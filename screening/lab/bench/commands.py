"""What a bench says by scanner: command codes on a printed sheet (pure).

They begin with letters, so none is a number of ours; and they are read before anything else, so
no foreign label that somebody registers later can take one's place."""

from __future__ import annotations

from enum import StrEnum

from screening.registry.scans import CodeProblem, normalise_scan


class Command(StrEnum):
    UNDO = "CMD-UNDO"
    NEXT = "CMD-NEXT"
    NTC = "CMD-NTC"
    PC = "CMD-PC"
    BLANK = "CMD-BLANK"
    LEAK = "CMD-LEAK"
    REJECT = "CMD-REJECT"


# what stands under each code on the sheet
COMMANDS: dict[Command, tuple[str, str]] = {
    Command.UNDO: ("撤销上一步", "undo the last step"),
    Command.NEXT: ("换下一块板，再扫板号", "next plate, then scan its code"),
    Command.NTC: ("下一孔放阴性对照", "a negative control into the next well"),
    Command.PC: ("下一孔放阳性对照", "a positive control into the next well"),
    Command.BLANK: ("下一孔留空", "leave the next well blank"),
    Command.LEAK: ("漏管：再扫这一管", "leaking: then scan that tube"),
    Command.REJECT: ("退样：再扫这一管", "reject: then scan that tube"),
}
CONTROLS = {Command.NTC: "ntc", Command.PC: "pc", Command.BLANK: "blank"}
# the custody reason of a tube that is scanned after one of these
REASONS = {Command.LEAK: "leak", Command.REJECT: "other"}


PREFIX = "CMD"


class UnknownCommand(CodeProblem):
    code = "unknown_command"
    zh = "指令码 {code} 不认识：请用本实验室现在打印的指令码单。"
    en = "The command code {code} is not known: use a sheet printed by this laboratory now."


class BenchCommand(CodeProblem):
    code = "bench_command"
    zh = "指令码 {code} 只用于扫码加样，这里不用。"
    en = "The command {code} is for the bench; it does nothing here."


def read_command(text: str) -> Command | None:
    """The command that a scan stands for; None for everything else. Raises UnknownCommand for what
    begins as commands do: an old sheet, or half a code."""
    read = normalise_scan(text)
    try:
        return Command(read)
    except ValueError:
        if read == PREFIX or read.startswith(f"{PREFIX}-"):
            raise UnknownCommand(code=read[:20]) from None
        return None


def check_no_command(text: str) -> None:
    """For desks that take tubes only. Raises BenchCommand, UnknownCommand."""
    command = read_command(text)
    if command is not None:
        raise BenchCommand(code=command.value)
