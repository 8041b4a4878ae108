"""Which digits are taken for which, over seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_course.experiments.studies.headline import Headline
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.probes import Probe, Probes
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

NETWORK = Configuration(train_rows=55_000, hidden=(128,), epochs=5)
CLAIMED = ((4, 9), (3, 5))
SHOWN = 5


def steps(size: Size) -> Steps:
    """Yield one network for each seed."""
    full = size == "full"
    network = NETWORK if full else NETWORK.but(train_rows=6_000, epochs=3)
    yield Probes(
        "confused",
        tuple(Probe("confusion", "784-128-10", network, seed) for seed in range(5 if full else 2)),
    )


def pairs(counts: Any) -> dict[tuple[int, int], int]:
    """Count how often two digits are taken for each other, either way, most often first."""
    counts = np.asarray(counts)
    both = {(a, b): int(counts[a, b] + counts[b, a]) for a in range(10) for b in range(a + 1, 10)}
    return dict(sorted(both.items(), key=lambda item: (-item[1], item[0])))


def headlines(results: Results) -> list[Headline]:
    """Judge "4 and 9", "3 and 5"."""
    runs = [pairs(one.values["counts"]) for one in results.probes["confused"]]
    everyone = pairs(sum(np.asarray(one.values["counts"]) for one in results.probes["confused"]))
    top = list(everyone)[:SHOWN]
    shown = "; ".join(
        f"{a}-{b} {np.mean([run[a, b] for run in runs]):.1f} ± "
        f"{np.std([run[a, b] for run in runs], ddof=1):.1f}"
        for a, b in top
    )
    judged = []
    for pair in CLAIMED:
        places = [list(run).index(pair) + 1 for run in runs]
        # By the ranks of all seeds: among the three most frequent of 45, every time or never.
        holds = "yes" if max(places) <= 3 else "no" if min(places) > 3 else "not decided"
        judged.append(
            Headline(
                f"{pair[0]} and {pair[1]} are among the three pairs confused most",
                f"mistakes in 10,000 by pair: {shown}",
                holds,
                len(runs),
                f"place of {pair[0]}-{pair[1]} among 45 pairs by seed: "
                f"{', '.join(map(str, places))}",
            )
        )
    return judged


def _bars(results: Results) -> Any:
    import pandas as pd
    import seaborn as sns

    from mnist_course.visualization.style import BLUE, INK, VERMILION, heading, own_axes

    runs = [pairs(one.values["counts"]) for one in results.probes["confused"]]
    order = sorted(runs[0], key=lambda pair: -sum(run[pair] for run in runs))[:10]
    table = pd.DataFrame(
        [(f"{a}-{b}", run[a, b]) for a, b in order for run in runs], columns=["pair", "mistakes"]
    )
    ax = own_axes(None, width=6.4, height=3.8)
    sns.stripplot(table, x="pair", y="mistakes", color=BLUE, alpha=0.55, jitter=False, ax=ax)
    sns.pointplot(
        table, x="pair", y="mistakes", color=VERMILION, linestyle="none", marker="D",
        errorbar="sd", capsize=0.2, err_kws={"linewidth": 1.4}, ax=ax,
    )  # fmt: skip
    ax.set_xlabel("digits taken for each other (points: seeds; diamond: mean ± sd)", color=INK)
    ax.set_ylabel("mistakes in 10,000", color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    heading(ax, "Which digits are confused")
    return ax


STUDY = NamedStudy(
    "confused",
    "Which digits are confused most often, and is that the same with every seed?",
    steps,
    headlines,
    {"pairs": _bars},
)
