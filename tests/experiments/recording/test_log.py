"""The log compares, explains, saves; none of it needs Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_course.exceptions import RecordError
from mnist_course.experiments.recording import log_table
from mnist_course.experiments.recording.fit_record import EvaluationRecord, weights_digest
from mnist_course.experiments.recording.journal import MOST_FITS, Journal
from mnist_course.experiments.recording.log import ExperimentLog
from mnist_course.experiments.recording.weights import INITIAL_WEIGHTS_BYTES

Make = Callable[..., Any]


def faster(rate: float) -> dict[str, Any]:
    return {
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": rate}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }


def writable(*fits: Any) -> ExperimentLog:
    return ExperimentLog._showing(Journal(fits), read_only=False)


@pytest.fixture
def fits(make_record: Make) -> tuple[Any, ...]:
    """Baseline; learning rate; that model trained on; the batch size, too."""
    return (
        make_record(),
        make_record(number=2, compiled=faster(0.001), accuracy=0.91, why="<b>larger</b> steps"),
        make_record(number=3, compiled=faster(0.001), accuracy=0.93, continued_from=2),
        make_record(number=4, compiled=faster(0.001), batch_size=128, accuracy=0.9, epochs=10),
    )


def test_each_fit_is_compared_with_the_nearest_earlier_one(fits: tuple[Any, ...]) -> None:
    rows = log_table.rows(fits)
    assert [row.compared_with for row in rows] == [None, 1, 2, 3]
    assert [row.change for row in rows] == [
        "baseline",
        "learning rate: 1e-05 → 0.001",
        "epochs: 5 → 10",
        "batch size: 32 → 128",
    ]


def test_the_latest_of_equally_near_fits_is_taken(make_record: Make) -> None:
    rows = log_table.rows(
        [make_record(), make_record(number=2), make_record(number=3, batch_size=64)]
    )
    assert rows[2].compared_with == 2


def test_one_knob_apart(fits: tuple[Any, ...]) -> None:
    log = writable(*fits)
    assert log.one_knob_apart(fits[0]) is None
    assert log.one_knob_apart(fits[1]) is fits[0]
    assert log.one_knob_apart(fits[3]) is fits[2]
    assert log.changed_knobs(fits[1], fits[2]) == ("epochs",)
    assert writable(*fits[:1], fits[3]).one_knob_apart(fits[3]) is None


def test_the_chain_of_a_model(fits: tuple[Any, ...]) -> None:
    log = writable(*fits)
    assert log.chain(fits[2]) == fits[1:3]
    assert log.chain(fits[3]) == (fits[3],)
    assert log.settings(fits[2])["epochs"] == 10


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"accuracy": 0.5}, "Same settings as fit 1"),
        ({"continued_from": 1}, "Went on from the weights of fit 1: 10 epochs in all."),
        ({"shared_rows": 1_000}, "1,000 validation images are training images too."),
        ({"history": {"loss": (1.0, float("nan"))}}, "The loss became NaN or infinite."),
        (
            {"stopped_by": "KeyboardInterrupt", "epochs": 1, "epochs_planned": 5},
            "Stopped by KeyboardInterrupt after 1 of 5 epochs.",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_notes(change: dict[str, Any], note: str, make_record: Make) -> None:
    rows = log_table.rows([make_record(), make_record(number=2, **change)])
    assert any(note in line for line in rows[1].notes)


def test_a_fit_without_surprise_has_no_note(make_record: Make, make_print: Make) -> None:
    fine = make_record(number=2, batch_size=8, validation=make_print(rows=10_000, train_rows=0))
    assert log_table.rows([make_record(), fine])[1].notes == ()


def test_training_on_test_images_is_noted_and_never_the_best(
    make_record: Make, make_print: Make
) -> None:
    cheat = make_record(
        number=2, data=make_print(rows=10_000, train_rows=0, test_rows=10_000), accuracy=1.0
    )
    log = writable(make_record(), cheat)
    assert "10,000 images of the test set" in log_table.rows(log.fits)[1].notes[0]
    assert "<strong" in log._repr_html_().partition("100.00 %")[0]
    assert "<strong" not in log._repr_html_().partition("100.00 %")[2]


def test_different_scaling_is_noted(make_record: Make, make_print: Make) -> None:
    record = make_record(validation=make_print(factor=1.0, train_rows=0))
    assert "scaled differently" in log_table.rows([record])[0].notes[0]


def test_the_page_escapes_everything_and_tells_what_to_type(
    fits: tuple[Any, ...], make_record: Make
) -> None:
    evil = "<script>alert(1)</script>"
    nasty = make_record(
        number=5,
        compiled={"optimizer": {"class_name": evil, "config": {}}, "loss": evil},
        stopped_by=evil,
        arguments={evil: evil},
        callbacks=(evil,),
    )
    page = writable(*fits, nasty)._repr_html_()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;larger&lt;/b&gt; steps" in page
    assert "log.why(3, &quot;...&quot;)" in page
    assert "log.why(2," not in page
    assert "93.00 %" in page


def test_an_empty_log_says_what_to_do() -> None:
    assert "model.fit" in writable()._repr_html_()
    assert str(writable()) == "<ExperimentLog: 0 fits>"
    assert len(writable().table()) == 0


def test_the_table(fits: tuple[Any, ...]) -> None:
    table = writable(*fits).table()
    assert list(table.columns) == [
        "changed",
        "compared with",
        "parameters",
        "epochs",
        "accuracy",
        "seconds",
        "why",
        "note",
    ]
    assert list(table.index) == [1, 2, 3, 4]
    assert table.loc[2, "accuracy"] == 91.0
    assert table["compared with"].isna().tolist() == [True, False, False, False]


def test_the_text(fits: tuple[Any, ...]) -> None:
    text = str(writable(*fits))
    assert "2.  91.00 %  learning rate: 1e-05 → 0.001 (against fit 1)" in text
    assert 'log.why(1, "...")' in text
    assert repr(writable(*fits)) == "<ExperimentLog: 4 fits, best accuracy 93.00 %>"


def test_show_displays_the_page(fits: tuple[Any, ...], capsys: pytest.CaptureFixture[str]) -> None:
    writable(*fits).show()
    assert "baseline" in capsys.readouterr().out


def test_reasons(fits: tuple[Any, ...]) -> None:
    log = writable(*fits)
    log.why(1, "  to compare with ")
    log.why("the last one")
    assert log.fits[0].why == "to compare with"
    assert log.fits[3].why == "the last one"
    log.why(None, "said better")
    log.why(np.int64(3), "it was still learning")
    assert [fit.why for fit in log.fits[2:]] == ["it was still learning", "said better"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((9, "x"), "There is no fit 9. This log has fits 1 to 4"),
        ((0, "x"), "no fit 0"),
        ((-1, "x"), "no fit -1"),
        ((True, "x"), "no fit True"),
        ((1.0, "x"), "no fit 1.0"),
        (("1", "x"), "no fit '1'"),
        ((1, ""), "must be a sentence, got ''"),
        ((1, "  "), "must be a sentence"),
        ((1,), "must be a sentence, got None"),
        ((1, 5), "must be a sentence, got 5"),
        (("",), "must be a sentence"),
        ((1, "x" * 10_001), "at most 10,000"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_reason_for_nothing(
    arguments: tuple[Any, ...], message: str, fits: tuple[Any, ...]
) -> None:
    with pytest.raises(RecordError, match=message):
        writable(*fits).why(*arguments)


def test_a_reason_before_the_first_fit() -> None:
    with pytest.raises(RecordError, match=r"Run model\.fit"):
        writable().why("because")


def test_a_copy_cannot_be_changed(fits: tuple[Any, ...]) -> None:
    copy = ExperimentLog.from_dict(writable(*fits).to_dict())
    assert copy.fits == fits
    with pytest.raises(RecordError, match="copy"):
        copy.why(1, "x")


def test_the_fit_that_made_a_model_is_found(make_record: Make) -> None:
    weights = [np.arange(6, dtype=np.float32)]
    log = writable(
        make_record(weights_after=weights_digest(weights)),
        make_record(number=2, weights_after=weights_digest(weights)),
        make_record(number=3),
    )
    found = log.find(weights)
    assert found is not None
    assert found.number == 2
    assert log.find([np.zeros(3)]) is None


def test_the_journal_finds_what_a_fit_continued(make_record: Make) -> None:
    journal = Journal()
    journal.add_fit(make_record(weights_before="a" * 32, weights_after="b" * 32))
    journal.add_fit(make_record(weights_before="b" * 32, weights_after="c" * 32))
    journal.add_fit(make_record(weights_before="a" * 32, weights_after="a" * 32))
    journal.add_fit(make_record(weights_before="a" * 32, weights_after="d" * 32))
    journal.add_fit(make_record(weights_before="", weights_after="e" * 32))
    journal.add_evaluation(EvaluationRecord(None, "c" * 32, None, 0.5))
    journal.add_evaluation(EvaluationRecord(None, "f" * 32, None, 0.5))
    assert [fit.number for fit in journal.fits] == [1, 2, 3, 4, 5]
    # Fit 3 changed nothing (learning rate 0): fit 4 was built anew from the same seed.
    assert [fit.continued_from for fit in journal.fits] == [None, 1, None, None, None]
    assert [evaluation.number_of_fit for evaluation in journal.evaluations] == [2, None]


def test_the_journal_keeps_its_budget(make_record: Make) -> None:
    journal = Journal()
    large = (np.zeros(INITIAL_WEIGHTS_BYTES * 2 // 3, np.uint8),)
    for weights in (large, large, (np.zeros(4),)):
        journal.add_fit(make_record(initial_weights=weights))
    assert [fit.initial_weights is None for fit in journal.fits] == [False, True, False]


def test_a_full_journal_leaves_fits_out(
    make_record: Make, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(make_record(number=number) for number in range(1, MOST_FITS + 1))
    journal.add_fit(make_record())
    assert len(journal.fits) == MOST_FITS
    assert "full" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain["fits"].reverse(),
        lambda plain: plain["fits"].append(plain["fits"][0]),
        lambda plain: plain["fits"].extend(plain["fits"] * 200),
        lambda plain: plain.update(fits=None),
        lambda plain: plain.update(more=1),
        lambda plain: plain.pop("evaluations"),
        lambda plain: plain["evaluations"].append(
            {"number_of_fit": 5, "weights": "0" * 32, "data": None, "accuracy": None}
        ),
        lambda plain: [
            fit.update(initial_weights=[np.zeros(INITIAL_WEIGHTS_BYTES // 2, np.uint8)])
            for fit in plain["fits"]
        ],
    ],
)
def test_a_hostile_log_is_a_record_error(
    change: Callable[[dict[str, Any]], object], fits: tuple[Any, ...]
) -> None:
    plain = writable(*fits).to_dict()
    change(plain)
    with pytest.raises(RecordError):
        ExperimentLog.from_dict(plain)


def test_saving_replaces_the_old_file_whole(fits: tuple[Any, ...], tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text("old")
    writable(*fits).save(path)
    assert ExperimentLog.from_dict(json.loads(path.read_text())).fits == fits
    assert [file.name for file in tmp_path.iterdir()] == ["log.json"]
