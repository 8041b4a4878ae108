from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mnist_course.class_grading.records import GradedSubmission, Student, Submission
from mnist_course.class_grading.report.diagnoses import diagnoses, masked
from mnist_course.class_grading.report.item_statistics import item_statistics
from mnist_course.class_grading.report.person_needed import person_needed
from mnist_course.class_grading.report.points_summary import points_summary
from mnist_course.class_grading.report.run_costs import run_costs
from mnist_course.class_grading.report.signals_by_kind import signals_by_kind
from mnist_course.grading.results import CellGrade, Finding, NotebookGrade, Signal, Verdict


def scored(points: list[float], tops: list[float]) -> NotebookGrade:
    cells = []
    for index, (got, top) in enumerate(zip(points, tops, strict=True)):
        verdict = Verdict.PASSED if got == top else Verdict.PARTIAL if got else Verdict.FAILED
        cells.append(CellGrade(f"m5-{index}", f"Item {index}", top, got, verdict))
    return NotebookGrade("m5", tuple(cells))


def undecided(points: list[float], tops: list[float]) -> NotebookGrade:
    grade = scored(points, tops)
    first = CellGrade("m5-0", "Item 0", tops[0], 0, Verdict.NOT_GRADED, staff_note="too slow: 61 s")
    return NotebookGrade("m5", (first, *grade.cells[1:]))


TOPS = [5.0, 10.0, 20.0]


@pytest.fixture
def table() -> np.ndarray:
    """Points (40 students, 3 items)."""
    rng = np.random.default_rng(4)
    ability = rng.normal(size=(40, 1))
    drawn = np.round(np.array(TOPS) * (0.5 + 0.3 * (ability + rng.normal(size=(40, 3)))))
    return np.clip(drawn, 0, TOPS)


def test_item_numbers_are_those_of_numpy_and_scipy(table):
    items = item_statistics([scored(list(row), TOPS) for row in table])
    assert [item.title for item in items] == ["Item 0", "Item 1", "Item 2"]
    for index, item in enumerate(items):
        column, rest = table[:, index], np.delete(table, index, 1).sum(1)
        assert item.discrimination == pytest.approx(stats.pearsonr(column, rest).statistic)
        assert item.mean_share == pytest.approx((column / TOPS[index]).mean())
        assert item.pass_rate == (column == TOPS[index]).mean()
        assert item.none == (column == 0).sum()
        assert item.full + item.some + item.none == 40


def test_discrimination_by_hand():
    # Item 0 is 0 1 0 1 ..., the other rises: of ten students, with the rest 0 .. 9.
    grades = [scored([float(i % 2), float(i)], [1.0, 10.0]) for i in range(10)]
    first, second = item_statistics(grades)
    # sum (x - .5)(y - 4.5) = 2.5; both variances: 2.5 and 82.5
    assert first.discrimination == pytest.approx(2.5 / math.sqrt(2.5 * 82.5))
    assert second.discrimination == pytest.approx(first.discrimination)


def test_discrimination_leaves_out_students_with_an_undecided_item(table):
    grades = [scored(list(row), TOPS) for row in table]
    before = [item.discrimination for item in item_statistics(grades)]
    grades += [undecided([0, 10, 20], TOPS) for _ in range(9)]
    items = item_statistics(grades)
    assert [item.discrimination for item in items] == before
    assert [item.not_graded for item in items] == [9, 0, 0]
    assert items[0].decided == 40
    assert items[1].decided == 49


def test_discrimination_is_undefined_for_few_students_and_without_variance(table):
    few = [scored(list(row), TOPS) for row in table[:9]]
    assert {item.discrimination for item in item_statistics(few)} == {None}
    equal = [scored([5, 3, 7], TOPS) for _ in range(30)]
    assert {item.discrimination for item in item_statistics(equal)} == {None}
    alone = [scored([float(i)], [30.0]) for i in range(30)]  # no other item
    assert {item.discrimination for item in item_statistics(alone)} == {None}
    # Sums that differ in the last bit only have no variance.
    bits = [scored([float(i), *([0.1, 0.2, 0.3] if i % 2 else [0.3, 0.2, 0.1])], [30.0, 1, 1, 1])
            for i in range(30)]  # fmt: skip
    assert item_statistics(bits)[0].discrimination is None


def test_a_grade_whose_grader_failed_counts_as_not_graded_only():
    fine = [scored([5, 10, 0], TOPS) for _ in range(3)]
    broken = NotebookGrade("m5", fine[0].cells, grader_failed=True)
    items = item_statistics([*fine, broken])
    assert [(item.full, item.none, item.not_graded) for item in items] == [
        (3, 0, 1), (3, 0, 1), (0, 3, 1),
    ]  # fmt: skip
    summary = points_summary([*fine, broken])
    assert (summary.students, summary.mean, summary.deviation) == (3, 15, 0)


def test_points_are_summarised_as_by_numpy(table):
    summary = points_summary([scored(list(row), TOPS) for row in table])
    total = table.sum(1)
    assert summary.mean == pytest.approx(total.mean())
    assert summary.median == np.median(total)
    assert summary.deviation == pytest.approx(total.std(ddof=1))
    edges = [bar.low for bar in summary.bars] + [summary.bars[-1].high]
    assert [bar.count for bar in summary.bars] == np.histogram(total, edges)[0].tolist()
    assert edges[0] == 0
    assert edges[-1] == 35


def test_points_of_nobody_and_of_one():
    nobody = points_summary([])
    assert (nobody.mean, nobody.median, nobody.deviation, nobody.bars) == (None, None, None, ())
    one = points_summary([scored([5, 5, 5], TOPS)])
    assert (one.mean, one.median, one.deviation) == (15, 15, None)
    assert sum(bar.count for bar in one.bars) == 1


@pytest.mark.parametrize("top", [0.5, 1, 7, 20, 35, 60, 61, 100, 1000, 12345.5])
def test_histograms_of_any_size_have_few_bars_that_end_at_the_top(top):
    summary = points_summary([scored([float(top)], [float(top)])])
    assert 1 <= len(summary.bars) <= 20
    assert summary.bars[-1].high == top
    assert summary.bars[-1].count == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Accuracy 0.0980… is low.", "Accuracy 0.1135… is low."),
        ("9.80% of the 10,000 images", "97.1% of the 5 images"),
        ("`net` is missing", "`my_model` is missing"),
        ("These fields: `a`, `b` and `c`.", "These fields: `x`."),
        ("loss is nan", "loss is -1.5e-07"),
        ("no row 'shift'", "no row 'as it is'"),
        ("“a.zip” is damaged", "“b 2.zip” is damaged"),
        ("shape (3, 4, 5)", "shape (784)"),
    ],
)
def test_what_differs_in_numbers_and_names_is_of_one_kind(one, other):
    assert masked(one) == masked(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("float32 is expected", "float64 is expected"),
        ("Accuracy 0.5 is low.", "Loss 0.5 is low."),
        ("the student's and the class' work", "the student's or the class' work"),
    ],
)
def test_what_differs_in_words_is_of_two_kinds(one, other):
    assert masked(one) != masked(other)


def test_masking_hostile_text_takes_no_time():
    for text in ("1," * 100_000, "`" * 100_000, "'" * 99_999, "1.1e" * 50_000, "#, " * 90_000):
        assert len(masked(text)) <= 400


def failed(grade_id: str, *findings: Finding) -> CellGrade:
    return CellGrade(grade_id, grade_id, 5, 0, Verdict.FAILED, findings)


def test_findings_are_grouped_by_item_and_kind():
    low = [Finding(f"Accuracy {n}… is low.", "Why.", "Train.") for n in (0.0980, 0.1135, 0.5)]
    grades = [
        NotebookGrade("m5", (failed("m5-a", low[0], low[1]),)),
        NotebookGrade("m5", (failed("m5-a", low[1]), failed("m5-b", low[2]))),
        NotebookGrade("m5", (failed("m5-a", Finding("A fact."), Finding("Bad 3.", "Why.")),)),
        NotebookGrade("m5", (CellGrade("m5-a", "", 5, 5, Verdict.PASSED, (low[0],)),)),
        NotebookGrade("m5", (failed("m5-a", Finding("A fact.")),)),
        NotebookGrade("m5", (failed("m5-a", low[0]),), grader_failed=True),
    ]
    found = [(kind.grade_id, kind.words, kind.students) for kind in diagnoses(grades)]
    assert found == [
        ("m5-a", "Accuracy #… is low.", (0, 1)),
        ("m5-a", "A fact.", (4,)),
        ("m5-a", "Bad #.", (2,)),
        ("m5-b", "Accuracy #… is low.", (1,)),
    ]
    assert diagnoses(grades)[0].example == "Accuracy 0.098… is low."


def test_a_sentence_about_the_whole_notebook_counts_once():
    said = "The file is empty."
    cells = tuple(failed(f"m5-{i}", Finding(said)) for i in range(7))
    (kind,) = diagnoses([NotebookGrade("m5", cells, headline=said)] * 3)
    assert (kind.grade_id, kind.words, kind.students) == ("", said, (0, 1, 2))


def test_what_needs_a_person():
    manual = CellGrade("m5-why", "Why", 12, None, Verdict.MANUAL)
    fine = scored([5, 10, 20], TOPS)
    grades = [
        fine,
        NotebookGrade("m5", fine.cells, grader_failed=True),
        undecided([0, 1, 2], TOPS),
        NotebookGrade("m5", (*undecided([0, 1, 2], TOPS).cells, manual)),
        NotebookGrade("m5", (*fine.cells, manual)),
    ]
    needed = person_needed(grades)
    assert needed.students == 4
    assert (needed.grader_failed, needed.not_graded, needed.open_manual) == ((1,), (2, 3), (3, 4))
    (reason,) = needed.reasons
    assert (reason.grade_id, reason.words, reason.students) == ("m5-0", "too slow: # s", (2, 3))


def test_costs_are_percentiles_of_what_was_measured(tmp_path):
    rng = np.random.default_rng(0)
    seconds = rng.gamma(3, 20, size=101)

    def costing(index: int, cpu: float) -> GradedSubmission:
        submission = Submission(Student(f"s{index}"), tmp_path)
        grade = NotebookGrade("m5", (), seconds=cpu / 2)
        return GradedSubmission(submission, "0" * 64, grade, tmp_path, cpu, int(cpu) << 20)

    graded = [costing(i, cpu) for i, cpu in enumerate(seconds)] + [costing(101, 0.0)]
    cpu, wall, memory = run_costs(graded)
    assert (cpu.students, wall.students) == (101, 101)
    assert cpu.median == np.median(seconds)
    assert (cpu.ninetieth, cpu.ninety_ninth) == tuple(np.percentile(seconds, [90, 99]))
    assert (cpu.most, cpu.who) == (seconds.max(), seconds.argmax())
    assert wall.most == seconds.max() / 2
    assert memory.most == int(seconds.max())
    assert run_costs(graded[-1:])[0].median is None


def test_signals_are_grouped_by_kind():
    grades = [
        NotebookGrade("m5", (), signals=(Signal("b", "1"), Signal("a", "2"), Signal("b", "3"))),
        NotebookGrade("m5", ()),
        NotebookGrade("m5", (), signals=(Signal("a", "4"),)),
    ]
    assert [(kind.kind, kind.students, kind.details) for kind in signals_by_kind(grades)] == [
        ("a", 2, ((0, "2"), (2, "4"))),
        ("b", 1, ((0, "1"), (0, "3"))),
    ]
