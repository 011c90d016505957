"""What stands on a plate: its control wells by default, free wells in order, and the plan (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from screening.errors import Problem
from screening.lab.plates import control_places, layout
from screening.lab.plates.layout import Kind, Size
from screening.lab.plates.plan_rules import PlanWell
from screening.lab.rules.rule_sets import RuleSet

ORDERS = ("column", "row")


class BadLayout(Problem):
    status = 422
    code = "bad_plate_layout"
    zh = "板型设置有误：{why}"
    en = "The plate layout is not right: {why}"


def wells_per_tube(rule: RuleSet) -> int:
    """One well, or for uniplex kits one for each target and for the internal control."""
    if not rule.uniplex:
        return 1
    return len(rule.targets) + (1 if rule.internal_control else 0)


def in_order(size: Size, order: str) -> list[str]:
    return layout.wells_by_row(size) if order == "row" else layout.wells_by_column(size)


def layouts(rule: RuleSet, size: Size, *, marked: bool = False) -> Sequence[dict[str, str]]:
    """The layouts that a laboratory's successive plates take in turn: 'ntc', 'pc', 'mark', or
    'ntc:2' where wells belong together. Raises BadLayout for marks that the kit cannot show."""
    n = wells_per_tube(rule)
    if not marked:
        return control_places.family(size) if n == 1 else control_places.group_family(size, n)
    if n > 1 or rule.internal_control is None:
        raise BadLayout(
            why="此试剂盒不能用标记孔 / marks need one well a tube and an internal control"
        )
    return control_places.family(size, True)


def check_layout(rule: RuleSet, chosen: Mapping[str, str], size: Size) -> None:
    """Raises BadLayout for wells off the plate, unknown words, and too few controls."""
    odd = [w for w in chosen if not layout.is_well(w, size)]
    if odd:
        raise BadLayout(why="孔位 / well " + ", ".join(sorted(odd)[:5]))
    kinds = [word.partition(":")[0] for word in chosen.values()]
    if unknown := sorted(set(kinds) - {"ntc", "pc", "blank", "mark"}):
        raise BadLayout(why="类型 / kind " + ", ".join(unknown)[:40])
    for kind, needed in (("ntc", rule.controls.negatives), ("pc", rule.controls.positives)):
        groups = {word if ":" in word else w for w, word in chosen.items() if _kind(word) == kind}
        if len(groups) < needed:
            raise BadLayout(why=f"{kind} < {needed}")


def free_wells(
    rule: RuleSet, size: Size, controls: Mapping[str, str], taken: Iterable[str], order: str
) -> list[str]:
    """The wells for the next tube in filling order; fewer than it needs when the plate is full."""
    used = {*controls, *taken}
    return [w for w in in_order(size, order) if w not in used][: wells_per_tube(rule)]


def plan(
    controls: Mapping[str, str],
    tubes: Mapping[str, str],
    about: Mapping[str, tuple[bool, list[str]]] | None = None,
) -> dict[str, PlanWell]:
    """Control wells and tube wells (well → barcode) as the rules compare them with a file.

    `about`: barcode → (pooled, cohorts of its members); a tube not in it counts as pooled."""
    out = {}
    for well, word in controls.items():
        group = word if ":" in word else None
        out[well] = PlanWell(_kind(word), group)
    for well, barcode in tubes.items():
        pooled, cohorts = (about or {}).get(barcode, (True, []))
        out[well] = PlanWell("tube", barcode, pooled, list(cohorts) or None)
    return out


def _kind(word: str) -> Kind:
    return word.partition(":")[0]  # type: ignore[return-value]
