"""Amplification curves of run files: made ones, and the real ones where they are."""

from pathlib import Path

import pytest

from screening.lab.readers.curves import read_curves

OPEN = Path(__file__).resolve().parents[3] / "shared/data/pcr/open"


def test_a_table_of_wells_and_cycles_is_drawn_above_its_baseline():
    made = "Well\tWell Position\tCycle\tTarget Name\tRn\tDelta Rn\n" + "".join(
        f"{n}\tB{n}\t{c}\tORF1ab\t{c + 1}.5\t0,{c}\n" for n in (1, 2) for c in range(1, 6)
    )
    found = read_curves(f"* Block = 96\n\n[Amplification Data]\n{made}".encode())
    assert [(c.well, c.target, c.points[2]) for c in found] == [
        ("B1", "ORF1ab", (3.0, 0.3)), ("B2", "ORF1ab", (3.0, 0.3)),
    ]  # fmt: skip


def test_a_table_of_cycles_by_wells_is_drawn_too():
    made = ",Cycle,A1,A2,H12\n" + "".join(f",{c},{c}.1,-{c},1e3\n" for c in range(1, 5))
    found = read_curves(made.encode())
    assert {c.well: c.points[-1] for c in found} == {
        "A1": (4.0, 4.1), "A2": (4.0, -4.0), "H12": (4.0, 1000.0),
    }  # fmt: skip


def test_rdml_curves_are_read_reaction_by_reaction():
    points = "".join(f"<adp><cyc>{c}</cyc><fluor>{c * 2}.5</fluor></adp>" for c in range(1, 4))
    made = (
        '<rdml version="1.2" xmlns="http://www.rdml.org"><experiment id="e"><run id="r">'
        "<pcrFormat><rows>8</rows><columns>12</columns></pcrFormat>"
        f'<react id="13"><sample id="s"/><data><tar id="N"/><cq>20</cq>{points}</data></react>'
        "</run></experiment></rdml>"
    )
    (only,) = read_curves(made.encode())
    assert (only.well, only.target, only.points[0]) == ("B1", "N", (1.0, 2.5))


@pytest.mark.parametrize(
    "data",
    [
        b"well,sample,target,ct\nA1,x,N,30\n",
        b"",
        b"PK\x03\x04 broken",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 broken",
        b'<!DOCTYPE r [<!ENTITY a "b">]><rdml version="1.1"><run/></rdml>',
        b"Cycle,A1,A2,A3\n",
    ],
)
def test_a_file_without_curves_has_none_and_no_harm_comes_of_it(data):
    assert read_curves(data) == []


def test_the_real_files_give_their_curves():
    if not OPEN.is_dir():
        pytest.skip("the real run files are not here")
    counts = {}
    for file in sorted(OPEN.iterdir()):
        if file.suffix != ".json" and (found := read_curves(file.read_bytes())):
            counts[file.name.partition("__")[0]] = counts.get(file.name.partition("__")[0], 0) + 1
            assert all(len(c.points) > 2 for c in found)
            assert len({(c.well, c.target) for c in found}) == len(found)
    assert counts["rdml"] == 3
    assert counts["abi7500_xls"] >= 5 and counts["quantstudio_xls"] >= 5
    assert counts["quantstudio_txt"] >= 3 and counts["quantstudio_da_xlsx"] >= 3
