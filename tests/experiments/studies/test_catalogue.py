"""Every study of the course can be carried out, at both sizes, and judges its claims."""

from __future__ import annotations

import pytest

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.carry_out import Carried
from mnist_course.experiments.studies.catalogue import STUDIES, named
from mnist_course.experiments.studies.headline import HOLDS
from mnist_course.experiments.studies.named.confused import pairs
from mnist_course.experiments.studies.named.equal_parameters import dense_parameters, width_for
from mnist_course.experiments.studies.named.optimizers import OPTIMIZERS, RATES, best_rate
from mnist_course.experiments.studies.named_study import Results
from mnist_course.experiments.studies.probes import ProbeResult, Probes
from mnist_course.experiments.studies.result_files import write_figures
from mnist_course.experiments.studies.sizes import SIZES
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.studies.verdict import verdict
from tests.experiments.studies.made_trials import made_trials
from tests.experiments.studies.pretended import pretended

# What item 2 of the course's plan names, with the study that answers it.
TOPICS = {
    "m5", "numpy", "cnn", "fashion", "dropout", "l2", "optimizers", "batch", "activations",
    "depth", "convolutions", "classical", "epochs", "patience", "autoencoders", "layer-rates",
    "confused",
}  # fmt: skip


def test_every_topic_has_its_study():
    assert set(STUDIES) == TOPICS
    assert all(name == one.name for name, one in STUDIES.items())


@pytest.mark.parametrize("name", ["layer_rates", " Layer-Rates "])
def test_names_are_found_as_people_write_them(name):
    assert named(name) is STUDIES["layer-rates"]


def test_a_name_that_is_not_there():
    with pytest.raises(ConfigurationError, match=r"no study 'sgd'. There are: m5, "):
        named("sgd")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(TOPICS))
def test_every_study_can_be_carried_out(name: str, size, tmp_path):
    """With pretended numbers: parts follow, claims are judged, figures are drawn."""
    one = STUDIES[name]
    results = pretended(one, size)
    for study in results.studies.values():
        seeds = tuple(study.seeds)
        assert len(seeds) >= (3 if size == "full" else 1)
        assert study.control in study.arms or study.name == "optimizer_rates"
        if study.name != "optimizer_rates":
            study.design()
    headlines = one.headlines(results)
    assert headlines and all(headline.holds in HOLDS for headline in headlines)
    assert all(h.claimed and h.measured and h.because and h.seeds for h in headlines)
    if size == "full":
        drawn = write_figures(Carried(one, size, results, {}), tmp_path)
        assert len(drawn) == len(one.figures)
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_quick_is_quicker(name: str):
    def cost(size) -> float:
        found = pretended(STUDIES[name], size)
        return sum(one.cost for study in found.studies.values() for one in study.trials()) + len(
            [one for probes in found.probes.values() for one in probes]
        )

    assert cost("quick") < cost("full") or name == "classical"
    assert cost("quick") < 3e12, "minutes on two cores"


def test_convolutional_networks_are_small():
    """Under 100,000 parameters, counted here by the formula of a convolution."""
    for name in ("cnn", "fashion", "convolutions"):
        for study in pretended(STUDIES[name], "full").studies.values():
            for arm, one in study.arms.items():
                side, channels, total = 28, 1, 0
                for filters in one.conv:
                    total += 9 * channels * filters + filters
                    side, channels = side // 2, filters
                inputs = side * side * channels
                for units in (*one.hidden, 10):
                    total += inputs * units + units
                    inputs = units
                assert total < 100_000, (name, arm, total)


def test_equal_parameters_are_equal():
    for name in ("depth", "convolutions", "cnn"):
        study = pretended(STUDIES[name], "full").studies[name]
        sizes = []
        for one in study.arms.values():
            side, channels, total = 28, 1, 0
            for filters in one.conv:
                total += 9 * channels * filters + filters
                side, channels = side // 2, filters
            inputs = side * side * channels
            for units in (*one.hidden, 10):
                total += inputs * units + units
                inputs = units
            sizes.append(total)
        assert max(sizes) < 1.02 * min(sizes), (name, sizes)


@pytest.mark.parametrize("depth", range(1, 6))
def test_width_is_the_nearest(depth: int):
    units = width_for(depth, 50_000)
    away = abs(dense_parameters(depth, units) - 50_000)
    assert away <= abs(dense_parameters(depth, units - 1) - 50_000)
    assert away <= abs(dense_parameters(depth, units + 1) - 50_000)


def test_parameters_of_known_networks():
    assert dense_parameters(1, 128) == 101_770
    assert dense_parameters(2, 10) == 8_070
    with pytest.raises(ConfigurationError, match="too few for 3 hidden layers"):
        width_for(3, 100)


def test_each_optimizer_gets_its_own_best_rate():
    trials = made_trials(
        {
            f"{name}, rate {rate:g}": [0.5 if rate != RATES[name][place] else 0.2] * 2
            for place, name in enumerate(["SGD", "momentum", "Adam"])
            for rate in RATES[name]
        }
        | {f"AdamW, rate {rate:g}": [float("nan"), 0.9] for rate in RATES["AdamW"][:2]}
        | {f"AdamW, rate {RATES['AdamW'][2]:g}": [1.5, 1.6]},
        "val_cross_entropy",
    )
    found = [best_rate(trials, name) for name in ("SGD", "momentum", "Adam")]
    assert found == [RATES[name][i] for i, name in enumerate(["SGD", "momentum", "Adam"])]
    assert set(OPTIMIZERS) == set(RATES)


def test_a_rate_at_which_training_failed_is_not_chosen():
    nan = float("nan")
    rates = RATES["Adam"]
    trials = made_trials(
        {
            f"Adam, rate {rates[0]:g}": [0.4, 0.5],
            f"Adam, rate {rates[1]:g}": [0.1, nan],
            f"Adam, rate {rates[2]:g}": [nan, nan],
        },
        "val_cross_entropy",
    )
    assert best_rate(trials, "Adam") == rates[0]


def test_rates_are_chosen_with_seeds_that_compare_nothing():
    found = pretended(STUDIES["optimizers"], "full").studies
    assert not set(found["optimizer_rates"].seeds) & set(found["optimizers"].seeds)


def test_equal_updates_are_equal():
    study = pretended(STUDIES["batch"], "full").studies["batch_updates"]
    for one in study.arms.values():
        steps = -(-one.train_rows // one.batch_size)
        assert one.updates is not None and one.updates <= steps * one.epochs


def test_confused_pairs_are_counted_both_ways():
    counts = [[0] * 10 for _ in range(10)]
    counts[4][9], counts[9][4], counts[3][5] = 3, 4, 6
    found = pairs(counts)
    assert list(found.items())[:2] == [((4, 9), 7), ((3, 5), 6)]
    assert len(found) == 45


def test_probe_results_belong_to_their_probes():
    found = pretended(STUDIES["autoencoders"], "quick")
    assert isinstance(found, Results)
    assert all(isinstance(one, ProbeResult) for one in found.probes["pca"])
    assert isinstance(next(STUDIES["confused"].steps("quick")), Probes)
    assert isinstance(next(STUDIES["dropout"].steps("quick")), Study)
    trials = found.trials["autoencoders"]
    assert verdict(trials, "val_mse", 0.001).metric == "val_mse"
