"""Tables, records, the page of results, the command that writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from mnist_course.cli import main
from mnist_course.exceptions import DatasetError, StudyError
from mnist_course.experiments.studies import catalogue
from mnist_course.experiments.studies.carry_out import Carried, carry_out
from mnist_course.experiments.studies.headline import best
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy
from mnist_course.experiments.studies.probes import Probe, Probes, run_probes
from mnist_course.experiments.studies.record import read_records, write_record
from mnist_course.experiments.studies.result_files import write_results
from mnist_course.experiments.studies.results_page import page, write_page
from mnist_course.experiments.studies.stored_only import from_store, stored
from mnist_course.experiments.studies.verdict import verdict
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.workforce import workforce
from tests.experiments.studies.made_trials import made_trial
from tests.experiments.studies.one_process import Notes, OneProcess
from tests.experiments.studies.pretended import pretended
from tests.experiments.studies.tiny import TINY

NOISE = Probe(
    "gradient_noise",
    "batch size 8",
    TINY.arms["dropout 0"].but(batch_size=8),
    0,
    {"batches": 3},
)


def _steps(size):
    yield TINY
    yield Probes("noise", (NOISE,))


SMALL = NamedStudy(
    "tiny",
    "Does dropout help after two epochs?",
    _steps,
    lambda results: [
        best("dropout | helps", results.trials["tiny"], "dropout 0.3", "val_accuracy", 0.01)
    ],
    {"loss": arms("tiny"), "learning": curves("tiny")},
    notes="Too small to show anything.",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrialStore:
    return TrialStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def carried(store: TrialStore) -> Carried:
    return carry_out(SMALL, "full", store=store, force=OneProcess(), listener=Notes())


@pytest.mark.keras
def test_a_fair_study_has_no_problems(carried: Carried):
    assert carried.problems == {}


@pytest.mark.keras
def test_results_are_tables_verdict_and_figures(carried: Carried, tmp_path: Path):
    written = write_results(carried, tmp_path / "tiny")
    assert sorted(path.name for path in written) == [
        "learning.png", "loss.png", "measurements.json", "summary.csv", "trials.csv",
        "verdict.json",
    ]  # fmt: skip
    assert {p.name for p in (tmp_path / "tiny").iterdir()} == {p.name for p in written}
    trials = pd.read_csv(tmp_path / "tiny" / "trials.csv")
    assert list(trials.arm) == [t.arm for t in carried.results.trials["tiny"]]
    expected = [t.measured["val_accuracy"] for t in carried.results.trials["tiny"]]
    assert list(trials.val_accuracy) == pytest.approx(expected)
    means = pd.read_csv(tmp_path / "tiny" / "summary.csv").set_index(["metric", "arm"])["mean"]
    of_arm = trials.groupby("arm").val_cross_entropy.mean()
    assert means["val_cross_entropy", "dropout 0.3"] == pytest.approx(of_arm["dropout 0.3"])
    told = json.loads((tmp_path / "tiny" / "verdict.json").read_text())["tiny"]
    shown = verdict(carried.results.trials["tiny"], "val_cross_entropy", TINY.margin)
    assert (told["verdict"], told["sentence"]) == (shown.verdict, shown.sentence)


@pytest.mark.keras
def test_the_same_trials_give_the_same_bytes(carried: Carried, tmp_path: Path):
    one = write_results(carried, tmp_path / "one")
    two = write_results(carried, tmp_path / "two")
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


@pytest.mark.keras
def test_a_record_holds_every_number(carried: Carried, tmp_path: Path):
    path = write_record(carried, tmp_path)
    assert path == tmp_path / "docs" / "measurements" / "studies" / "tiny.json"
    record = read_records(tmp_path)["tiny"]
    numbers = record["studies"]["tiny"]["trials"]
    again = [
        made_trial(arm, seed, val_cross_entropy=loss)
        for arm, columns in numbers.items()
        for seed, loss in zip(columns["seed"], columns["val_cross_entropy"], strict=True)
    ]
    found = verdict(again, "val_cross_entropy", TINY.margin)
    assert found.verdict == record["studies"]["tiny"]["verdict"]["verdict"]
    assert found.results[0].mean == pytest.approx(
        verdict(carried.results.trials["tiny"], "val_cross_entropy", TINY.margin).results[0].mean,
        rel=1e-6,
    )
    assert record["measurements"]["noise"][0]["values"]["ratio"] > 0
    assert str(tmp_path) not in path.read_text() and str(Path.home()) not in path.read_text()


@pytest.mark.keras
def test_the_page_is_made_of_records_alone(
    carried: Carried, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(catalogue.STUDIES, "tiny", SMALL)
    write_record(carried, tmp_path)
    text = write_page(tmp_path).read_text("utf-8")
    assert text == page(read_records(tmp_path))
    row = next(line for line in text.splitlines() if line.startswith("| dropout \\| helps |"))
    assert row.count(" | ") == 4 and "| 3 | **" in row and "[tiny](#tiny)" in row
    assert "| dropout 0 (control) | 3 | " in text
    assert "`mnist-course study run tiny --size full --record`" in text
    assert "Not measured yet in full: m5, " in text
    assert "Only the" not in text


def test_an_empty_page_says_so():
    assert "Not measured yet in full: m5, numpy" in page({})


@pytest.mark.parametrize("name", sorted(catalogue.STUDIES))
def test_every_study_has_its_place_on_the_page(name: str, tmp_path: Path):
    one = catalogue.STUDIES[name]
    write_record(Carried(one, "full", pretended(one, "full"), {}), tmp_path)
    text = write_page(tmp_path).read_text("utf-8")
    for headline in read_records(tmp_path)[name]["headlines"]:
        assert headline["claimed"] in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    tables = "\n".join(rows).replace("\\|", "")
    assert tables and "nan" not in tables.lower().split()
    assert f"## {name}\n" in text


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "name": "other"}'])
def test_a_damaged_record_is_named(content: str, tmp_path: Path):
    folder = tmp_path / "docs" / "measurements" / "studies"
    folder.mkdir(parents=True)
    (folder / "dropout.json").write_text(content)
    with pytest.raises(StudyError, match=r"dropout\.json is no record of a study .* Remove it"):
        read_records(tmp_path)


@pytest.mark.keras
def test_what_is_stored_is_known(carried: Carried, store: TrialStore, tmp_path: Path):
    assert stored(SMALL, "full", store) == "done"
    assert stored(SMALL, "full", TrialStore(tmp_path)) == "-"
    again = from_store(SMALL, "full", store)
    assert [t.measured for t in again.results.trials["tiny"]] == [
        t.measured for t in carried.results.trials["tiny"]
    ]
    name = next(iter(store.folders[0].glob("*.json"))).name
    for path in store.folders[0].glob("*.json"):
        if path.name != name:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert stored(SMALL, "full", TrialStore(tmp_path)) == "5 of 6"
    with pytest.raises(StudyError, match="1 trials are not stored"):
        from_store(SMALL, "full", TrialStore(tmp_path))


def test_nothing_is_fetched_to_say_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from mnist_course.datasets import by_name

    def fetch(name: str) -> None:
        raise DatasetError(f"{name} is not on this machine")

    monkeypatch.setattr(by_name, "load", fetch)
    assert stored(SMALL, "full", TrialStore(tmp_path)) == "-"
    with pytest.raises(StudyError, match=r"first: mnist-course study run tiny --size full$"):
        from_store(SMALL, "full", TrialStore(tmp_path))


@pytest.mark.keras
def test_measurements_are_stored_too(carried: Carried, store: TrialStore, tmp_path: Path):
    asked = Probes("noise", (NOISE,))
    force = OneProcess()
    again = run_probes(asked, store=store, force=force, listener=Notes())
    assert force.done == [] and again == carried.results.probes["noise"]
    kept = store.folders[0] / "probes" / f"{NOISE.content_name()}.json"
    damaged = tmp_path / "probes" / kept.name
    damaged.parent.mkdir()
    for content in ("", "[]", '{"format": 1, "kind": "pca", "values": {}}'):
        damaged.write_text(content)
        force = OneProcess()
        found = run_probes(asked, store=TrialStore(tmp_path), force=force, listener=Notes())
        assert len(force.done) == 1 and found == again
        assert damaged.read_bytes() == kept.read_bytes()


def test_measurements_have_names_of_their_own():
    other = Probe("gradient_noise", "other arm", NOISE.configuration, 0, {"batches": 3})
    assert other.content_name() == NOISE.content_name()
    for changed in (
        Probe("gradient_norms", NOISE.arm, NOISE.configuration, 0, {"batches": 3}),
        Probe(NOISE.kind, NOISE.arm, NOISE.configuration.but(l2=0.1), 0, {"batches": 3}),
        Probe(NOISE.kind, NOISE.arm, NOISE.configuration, 1, {"batches": 3}),
        Probe(NOISE.kind, NOISE.arm, NOISE.configuration, 0, {"batches": 4}),
    ):
        assert changed.content_name() != NOISE.content_name()


def test_a_measurement_without_result(tmp_path: Path):
    with pytest.raises(StudyError, match=r"1 of 1 measurements of 'noise' gave no result"):
        run_probes(
            Probes("noise", (NOISE,)),
            store=TrialStore(tmp_path),
            force=OneProcess(refused="seed 0"),
            listener=Notes(),
        )


@pytest.mark.keras
@pytest.mark.parametrize(
    ("kind", "details", "names"),
    [
        ("confusion", {}, {"counts", "test_accuracy"}),
        ("gradient_norms", {}, {"norms", "first_over_last"}),
        ("classical", {"method": "nearest mean"}, {"test_accuracy"}),
        ("numpy_network", {"iterations": 2}, {"train_accuracy", "test_accuracy"}),
    ],
)
def test_kinds_of_measurements(kind: str, details, names, tmp_path: Path):
    configuration = Configuration(train_rows=400, validation_rows=300, hidden=(8,), epochs=1)
    found = run_probes(
        Probes("one", (Probe(kind, "arm", configuration, 0, details),)),
        store=TrialStore(tmp_path),
        force=OneProcess(),
        listener=Notes(),
    )
    values = found[0].values
    assert set(values) == names
    if kind == "confusion":
        counts = values["counts"]
        assert sum(map(sum, counts)) == 10_000
        right = sum(counts[digit][digit] for digit in range(10)) / 10_000
        assert right == pytest.approx(values["test_accuracy"])
        assert sum(counts[0]) == 980, "rows are true classes: there are 980 zeros"


def test_pca_of_a_few_images(tmp_path: Path):
    configuration = Configuration(
        task="reconstruct", latent=2, hidden=(8,), train_rows=500, validation_rows=100
    )
    probe = Probe("pca", "PCA", configuration, 0, {"lengths": [2, 8]})
    values = (
        run_probes(
            Probes("pca", (probe,)),
            store=TrialStore(tmp_path),
            force=OneProcess(),
            listener=Notes(),
        )[0]
    ).values
    assert 0 < values["mse"]["8"] < values["mse"]["2"] < values["variance"]


# The command.


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of one tiny study, with workers in this process."""
    monkeypatch.setitem(catalogue.STUDIES, "tiny", SMALL)
    monkeypatch.setattr(workforce, "Workforce", OneProcess)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["study", *arguments], catch_exceptions=False)


@pytest.mark.keras
def test_run_plot_page(carried: Carried, store: TrialStore, here: Path):
    folder = str(store.folders[0])
    run = invoke("run", "tiny", "--size", "full", "--store", folder, "--record")
    assert run.exit_code == 0, run.output
    assert "dropout | helps" in run.output and "written: results/studies/tiny/" in run.output
    assert "tiny: 0 to do, 6 known" in run.stderr
    results = here / "results" / "studies" / "tiny"
    figure = (results / "loss.png").read_bytes()
    (results / "loss.png").unlink()
    plot = invoke("plot", "tiny", "--size", "full", "--store", folder)
    assert plot.stdout.split() == [
        "results/studies/tiny/loss.png",
        "results/studies/tiny/learning.png",
    ]
    assert (results / "loss.png").read_bytes() == figure
    assert invoke("page", "--check").exit_code == 0
    (here / "docs" / "RESULTS.md").write_text("edited")
    check = invoke("page", "--check")
    assert check.exit_code == 1 and "Run: mnist-course study page" in check.stderr
    assert invoke("page").output == "docs/RESULTS.md\n"
    assert invoke("page", "--check").exit_code == 0


@pytest.mark.keras
def test_list(carried: Carried, store: TrialStore, here: Path):
    listed = invoke("list", "--store", str(store.folders[0]))
    assert listed.exit_code == 0
    for name in catalogue.STUDIES:
        assert name in listed.output
    row = next(line for line in listed.output.splitlines() if "│ tiny " in line)
    assert row.count("done") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run",), 2, "name a study"),
        (("plot",), 2, "name a study"),
        (("run", "sgd"), 1, "There is no study 'sgd'"),
        (("plot", "sgd"), 1, "There is no study 'sgd'"),
        (("plot", "tiny", "--store", "nowhere"), 1, "6 trials are not stored"),
        (("run", "tiny", "--record"), 2, "Add --size full"),
        (("run", "tiny", "--size", "huge"), 2, "'huge' is not one of"),
        (("run", "tiny", "--workers", "0"), 2, "0 is not in the range"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, code: int, words: str, here: Path):
    result = invoke(*arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "docs").write_text("a file is in the way")
    page = invoke("page", "--root", str(tmp_path))
    assert page.exit_code == 1
    assert "cannot write" in page.output and "docs" in page.output
