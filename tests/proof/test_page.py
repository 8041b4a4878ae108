"""The page of proofs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from mnist_course.exceptions import ProofError
from mnist_course.proof.container_fit import container_fit
from mnist_course.proof.false_negatives import Distance
from mnist_course.proof.mutant_verdicts import MutantVerdict
from mnist_course.proof.page import HEADINGS, page, page_path, summary, write_page
from mnist_course.proof.records import record_path
from mnist_course.proof.verdicts import Cost, ItemVerdict, Verdict

ROOT = Path(__file__).parents[2]
MUTANT = MutantVerdict("uses a | pipe", "t-a", 2.0, 2.0, True, 3)
FIT = container_fit(peak_mb=300, cpu_seconds=30.0, wall_seconds=30.0)
VERDICT = Verdict(
    "t",
    4.0,
    (ItemVerdict("t-a", 4.0, 10, 0, 0.2589, 4.0, (MUTANT,)),),
    0.0,
    1.0,
    Cost(30.0, 31.0, 300, FIT),
    (Distance("t-a", "accuracy", 0.9651, 0.0012, 0.95, 12.6),),
    (),
)


def record(**fields: Any) -> dict[str, Any]:
    verdict = dataclasses.replace(VERDICT, **fields)
    return {
        "verdict": dataclasses.asdict(verdict),
        "date": "2026-01-31",
        "machine": "2 cores",
        "trials": {},
    }


def test_a_row_holds_every_figure():
    row = summary(record()["verdict"])
    assert dict(zip(HEADINGS, row, strict=True)) == {
        "id": "t",
        "points": "4",
        "seeds": "10",
        "lost": "0/10 (≤ 26%)",
        "release": "0 (≤ 1)",
        "mutants": "1/1",
        "CPU s": "30",
        "MB": "300",
        "container": "0.5 CPU, 0.75 GB: 60 s",
        "proven": "yes",
    }


def test_a_page_names_gaps_and_cannot_be_broken_by_a_name():
    text = page([record(), record(id="u", problems=("a sentence.",), untouched=None, cost=None)])
    assert "| uses a \\| pipe | `t-a` | 2 of 4 (at most 2) | with 2 of other items |" in text
    assert "accuracy 0.9651 ± 0.0012, threshold 0.95: 12.6 sd away" in text
    assert "Measured 2026-01-31 on 2 cores." in text
    assert "| u | 4 | 10 | 0/10 (≤ 26%) | no grade (≤ 1) | 1/1 | – | – | – | no |" in text
    assert "- **Not proven:** a sentence." in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_a_container_that_is_too_slow_says_which_is_not():
    slow = container_fit(peak_mb=300, cpu_seconds=400.0, wall_seconds=400.0)
    row = summary(record(cost=Cost(400.0, 400.0, 300, slow))["verdict"])
    assert row[8] == "0.5 CPU, 0.75 GB: 800 s, too slow; 1 CPU, 1.5 GB is fast enough"
    none = container_fit(peak_mb=9000, cpu_seconds=4.0, wall_seconds=4.0)
    assert summary(record(cost=Cost(4.0, 4.0, 9000, none))["verdict"])[8] == "none is large enough"


def test_the_page_is_written_from_every_finished_proof(tmp_path):
    for name, content in (("b", record(id="b")), ("a", record(id="a")), ("c", {"trials": {}})):
        path = record_path(name, tmp_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    assert write_page(tmp_path) == page_path(tmp_path)
    text = page_path(tmp_path).read_text()
    assert text.index("## a") < text.index("## b")
    assert "## c" not in text
    record_path("c", tmp_path).write_text("{")
    with pytest.raises(ProofError, match=r"proof_c\.json is not JSON"):
        write_page(tmp_path)


def test_the_committed_page_is_what_the_committed_figures_say(tmp_path):
    if not page_path(ROOT).exists():
        pytest.skip("no proof has been carried out yet")
    for path in record_path("*", ROOT).parent.glob("proof_*.json"):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    assert write_page(tmp_path).read_text() == page_path(ROOT).read_text()
