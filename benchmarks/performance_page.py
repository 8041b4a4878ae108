"""Write docs/PERFORMANCE.md from what the benchmarks measured.

python -m benchmarks.performance_page
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.measuring import DOCS, MEASUREMENTS

PAGE = DOCS / "PERFORMANCE.md"


def _spread(ratios: list[float]) -> str:
    middle = statistics.median(ratios)
    return f"{middle:.2f} (rounds: {', '.join(f'{r:.2f}' for r in ratios)})"


def _origin(figures: Mapping[str, Any]) -> str:
    return f"`{figures['command']}`, {figures['date']}, {figures['machine']}."


def speed(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on the time of one grade."""
    wall, cpu = figures["wall_seconds"], figures["cpu_seconds"]
    names = {
        "ours": "`mnist-course grade`: sandbox, tests, two retrainings, a re-run entry",
        "stock": "`nbgrader autograde`, stock preprocessors, the same tests",
        "script": "the submission's code as a script, no test at all",
    }
    rows = [f"| {names[w]} | {wall[w]:.1f} | {cpu[w]:.1f} |" for w in wall]
    return [
        "## One grade of the 784-64-10 reference (five fits of five epochs)",
        "",
        "| way | wall s (median) | CPU s |",
        "|---|--:|--:|",
        *rows,
        "",
        f"Stock nbgrader's time over ours: {_spread(figures['stock_over_ours'])}.",
        f"Bare script's time over ours: {_spread(figures['script_over_ours'])}.",
        "",
        _origin(figures),
    ]


def fast(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on the fast path of fit."""
    return [
        "## The fast path of `fit`",
        "",
        f"784-64-10, {figures['epochs']} epochs: {figures['plain_seconds']:.1f} s as Keras does "
        f"it, {figures['fast_seconds']:.1f} s with many steps in one call; ratio "
        f"{_spread(figures['plain_over_fast'])}. Weights and history were bit-identical in all "
        f"{figures['bit_identical_rounds']} rounds.",
        "",
        *_one_core(figures.get("one_core", ())),
        _origin(figures),
    ]


def _one_core(networks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what it brings a class's worker that TensorFlow's threads rest."""
    if not networks:
        return []
    told = [
        f"{one['network']} {one['spinning_cpu']:.1f} CPU s and {one['resting_cpu']:.1f}, ratio "
        f"{_spread(one['spinning_over_resting'])}"
        for one in networks
    ]
    return [
        f"On one core, {networks[0]['epochs']} epochs, with TensorFlow's threads looking for work "
        f"and resting: {'; '.join(told)}. The same bits.",
        "",
        *_again(networks),
    ]


def _again(networks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the grader's own training of the same networks takes."""
    told = [
        f"{one['network']} {one['again_cpu']:.1f} CPU s instead of {one['resting_cpu']:.1f}, ratio "
        f"{_spread(one['resting_over_again'])}, test accuracy {one['accuracy']['again']:.1%} "
        f"instead of {one['accuracy']['rest']:.1%}"
        for one in networks
        if "again_cpu" in one
    ]
    if not told:
        return []
    return [
        "On that core the grader trains the same configuration again, with other random numbers "
        f"and Adam as one operation, instead of this `fit`: {'; '.join(told)}.",
        "",
    ]


def startup(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on start-up."""
    seconds = figures["seconds"]
    return [
        "## Start-up",
        "",
        "| command | s (median) |",
        "|---|--:|",
        *(f"| `{name}` | {value:.3f} |" for name, value in seconds.items()),
        "",
        f"`nbgrader --help` over `mnist-course --help`: {figures['nbgrader_over_ours']:.1f} times.",
        "",
        _origin(figures),
    ]


def memory(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on memory."""
    limit = figures.get("limit_mb")
    lines = [
        f"## Memory, under a hard limit of {limit:,} MB" if limit else "## Memory",
        "",
        "Peak of the anonymous memory of all processes together: what a container cannot take "
        "back (pages of libraries can be read again). MB are 10^6 bytes. Gradescope's containers "
        "have 750, 1,500, 3,000 or 6,000 MB.",
        "",
        "| submission | evaluator starts | points | peak MB | at the peak |",
        "|---|---|--:|--:|---|",
    ]
    for run in figures["runs"]:
        parts = ", ".join(f"{k} {v:,}" for k, v in run["at_peak_mb"].items() if v >= 1)
        when = "beside the kernel" if run["overlap"] else "after the kernel"
        lines.append(
            f"| {run['example']} | {when} | {run['score']:g}/{run['max_score']:g} "
            f"| {run['peak_mb']:,} | {parts} |"
        )
    return [
        *lines,
        "",
        f"The grading parent alone: {figures['parent_rss_mib']} MiB resident at its peak (with the "
        "benchmark's own sampler).",
        "",
        _origin(figures),
    ]


def sandbox(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on what the sandbox costs."""
    start, notebook = figures["start_seconds"], figures["notebook_seconds"]
    return [
        "## What the sandbox costs",
        "",
        "| work | in the sandbox, s (median) | plain process, s (median) |",
        "|---|--:|--:|",
        f"| a kernel until it answers | {start['sandbox']:.3f} | {start['plain']:.3f} |",
        "| all cells of the 784-64-10 reference, values exported "
        f"| {notebook['sandbox']:.2f} | {notebook['plain']:.2f} |",
        "",
        f"At the start {figures['start_difference_ms']:.0f} ms more (median of "
        f"{figures['starts']} pairs). Over the notebook, sandbox over plain: "
        f"{_spread(figures['sandbox_over_plain'])}.",
        "",
        _origin(figures),
    ]


def soak(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on a class of which half is hostile."""
    differences = len(figures["differences"])
    return [
        f"## {figures['submissions']} submissions one after another, {figures['hostile']} hostile",
        "",
        f"{figures['attacks']} different attacks. Honest ones with other points than alone, "
        f"attacks that gained, submissions without a verdict: {differences}. Processes, files, "
        f"ports or open files left behind: {len(figures['left_behind'])}. The grading process grew "
        f"by {figures['grader_grew_by_mib']:.1f} MiB in all. A submission of this NumPy-only "
        f"assignment takes {figures['seconds']['honest']:.1f} s (median, honest).",
        "",
        _origin(figures),
    ]


def _by_batch(figures: Mapping[str, Any]) -> str:
    ours, keras = figures["seconds"]["ours"], figures["seconds"]["keras"]
    accuracy = figures["test_accuracy"]
    return (
        f"| {figures['optimizer']} | {ours:.2f} | {keras:.2f} "
        f"| {_spread(figures['keras_over_ours']['wall'])} "
        f"| {statistics.median(figures['keras_over_ours']['cpu']):.1f} "
        f"| {accuracy['ours']:.4f}, {accuracy['keras']:.4f} |"
    )


def _share(figures: Mapping[str, Any]) -> str:
    """Say how much of the time the matrix products alone take, in the faster of two ways."""
    shares = [
        statistics.median(figures[f"{way}_products_over_ours"]["wall"])
        for way in ("one_thread", "all_threads")
    ]
    return f"{100 * min(shares):.0f} % of our time"


def networks(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on the networks from scratch."""
    full = figures["full_batch"]
    took, accuracy = full["milliseconds"], full["test_accuracy"]
    batches = [figures[f"mini_batches_{optimizer}"] for optimizer in ("sgd", "adam")]
    return [
        "## Networks from scratch (`numpy_nn`)",
        "",
        "All 60,000 images at once (784-10-10, ReLU, plain gradient descent, learning rate 0.1, "
        f"{full['iterations']:,} iterations), against the formulas as a textbook prints them:",
        "",
        "| way | ms an iteration (median) | its time over ours |",
        "|---|--:|--:|",
        f"| `numpy_nn`, with loss and accuracy of each iteration | {took['ours']:.1f} | 1 |",
        f"| textbook, float64 as NumPy divides | {took['textbook']:.1f} "
        f"| {_spread(full['textbook_over_ours']['wall'])} |",
        f"| textbook, float32 | {took['textbook, float32']:.1f} "
        f"| {_spread(full['textbook32_over_ours']['wall'])} |",
        "",
        f"Test accuracy {accuracy['ours']:.4f} and {accuracy['textbook']:.4f}; no weight differs "
        f"by more than {full['largest_weight_difference']:.0e}. The same matrix products alone, in "
        f"the faster of two ways (one BLAS thread, all threads), take {_share(full)}; above "
        "100 % means that cutting the batch into pieces pays.",
        "",
        "One epoch of 784-64-10 in batches of 32, against Keras on TensorFlow as it comes:",
        "",
        "| optimizer | ours, s (median) | Keras, s | Keras' time over ours | in CPU seconds "
        "| test accuracy, ours and Keras' |",
        "|---|--:|--:|--:|--:|--:|",
        *(_by_batch(batch) for batch in batches),
        "",
        "The matrix products alone take "
        + " and ".join(f"{_share(batch)} with {batch['optimizer']}" for batch in batches)
        + ".",
        "",
        _origin(figures),
    ]


def a_class(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on one class in several ways."""
    count, ratios = figures["submissions"], figures["ratios"]
    lines = [
        f"## A class of {count} M5 submissions",
        "",
        "Examples of mixed quality with several seeds, the same notebooks and tests for all.",
        "",
        "| way | submissions a minute | wall s | CPU s each | peak MB "
        "| after one test changed, s |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, way in figures["ways"].items():
        first, changed = way["first"], way.get("changed")
        again = f"{changed['wall']:.1f}" if changed else "all again"
        lines.append(
            f"| {name} | {60 * count / first['wall']:.2f} | {first['wall']:.0f} | "
            f"{first['cpu'] / count:.1f} | {first['peak_mb']:,} | {again} |"
        )
    told = [
        f"{other} takes {ratios[f'{other}_over_ours']:.2f} times as long, and "
        f"{ratios[f'{other}_over_ours_changed']:.0f} times after one test changed (it runs every "
        "notebook again)"
        for other in ("nbgrader", "otter")
        if f"{other}_over_ours" in ratios
    ]
    lines += [
        "",
        f"Against {next(iter(figures['ways']))} (the mean, where it was graded twice): "
        f"{'; '.join(told)}.",
    ]
    if "same_scores" in figures:
        same = "the same as" if figures["same_scores"] else "NOT the same as"
        lines += ["", f"Scores are {same} those of each submission graded alone."]
    return [*lines, "", _origin(figures)]


def many(figures: Mapping[str, Any]) -> list[str]:
    """Return the section on what each submission costs besides its grade."""
    rows = [
        f"| {one['students']:,} | {one['milliseconds_each']:.1f} | "
        f"{_or_dash(one.get('scheduler_mb'))} | {one['memory_mb']:.0f} | "
        f"{one['resume_seconds']:.1f} | {one['open_seconds']['class_file']:.1f} | "
        f"{one['open_seconds']['page']:.1f} | {one['page_mb']:.1f} |"
        for one in (*figures["few"], *figures["many"])
    ]
    return [
        "## 10,000 stand-ins",
        "",
        f"Everything is real but the grade, which is a sleep of {figures['stand_in_seconds']:g} s "
        "and made-up points: what giving out jobs, storing, logging and writing pages costs.",
        "",
        "| submissions | ms each | memory with the scheduler alone, MB "
        "| with all grades, MB | again, nothing to do, s "
        "| read the class, s | make its page, s | page, MB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
        *rows,
        "",
        f"Cost of one among many over one among few: {figures['many_over_few']:.2f}.",
        "",
        _origin(figures),
    ]


def _or_dash(value: float | None) -> str:
    """Return a figure, or a dash for one that was not measured yet."""
    return "–" if value is None else f"{value:.0f}"


SECTIONS = (
    ("m5_speed", speed),
    ("class_speed", a_class),
    ("stand_ins", many),
    ("fast_fit", fast),
    ("numpy_nn", networks),
    ("m5_memory", memory),
    ("m5_memory_limit_1500", memory),
    ("sandbox_overhead", sandbox),
    ("soak", soak),
    ("startup", startup),
)


def main() -> int:
    """Write the page; a section whose benchmark was never run is left out."""
    lines = [
        "# Performance",
        "",
        "Generated by `python -m benchmarks.performance_page` from `docs/measurements/`; do not "
        "edit. The machines are shared and noisy: compare the ratios, which come from runs in "
        "turn, not the seconds.",
    ]
    for name, section in SECTIONS:
        path = MEASUREMENTS / f"{name}.json"
        if path.exists():
            lines += ["", *section(json.loads(path.read_text()))]
    PAGE.write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
