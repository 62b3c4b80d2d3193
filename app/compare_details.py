"""What the compare page folds away: computed and drawn only where somebody opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app import compare, compare_words, label_errors, panels, resources
from core.base.errors import InputError
from core.evaluation import configurations, side_by_side
from core.evaluation.comparison import Aligned, sentence
from core.figures import (
    confusion,
    decision,
    efficiency,
    metrics,
    spread,
    subgroups,
    threshold_analysis,
    training,
    truths,
)
from core.figures.curves import Measured
from core.figures.palette import Theme
from core.figures.style import stamp_of
from core.figures.training import Run
from core.models import cards


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page compares, as every folded block needs it."""

    question: dict[str, str]
    measured: list[Measured]
    found: Aligned | None
    """The predictions film by film; None for one checkpoint, or where they are gone."""
    key: tuple[Any, ...]
    theme: Theme

    @property
    def stamp(self) -> str:
        """What every figure carries."""
        return stamp_of(self.measured[0].report)

    @property
    def names(self) -> dict[str, str]:
        """Short names by checkpoint."""
        return {one.report.checkpoint_id: one.name for one in self.measured}

    def draw(self, make: Callable[..., Any], *given: object, key: str, alt: str) -> None:
        """Draw a figure of the measured checkpoints."""
        figure = make(self.measured, *given, caption=self.stamp, theme=self.theme)
        panels.draw_figure(figure, key=f"compare.{key}", alt=alt)


def draw(shown: Shown) -> None:
    """Draw the folded blocks; each is computed when it is opened."""
    for title, key, block in BLOCKS:
        with st.expander(title, key=f"compare.fold.{key}", on_change="rerun") as fold:
            if fold.open:
                block(shown)


def _measures(shown: Shown) -> None:
    reports = [one.report for one in shown.measured]
    table = side_by_side.measures_table(reports)
    reasons = {
        side_by_side.TITLES[name]: measure.reason
        for report in reports
        for name, measure in report.metrics.items()
        if name in side_by_side.TITLES and measure.value is not None and measure.low is None and measure.reason
    }
    for why in reasons.values():  # too long for a cell
        table = table.map(lambda words, why=why: words.removesuffix(f", {why}"))
    st.dataframe(table.rename(columns=shown.names), hide_index=True, height="content", key="compare.measures")
    st.caption("In brackets: 95 % intervals by patient. Sensitivity to Matthews correlation at each own threshold.")
    for title, why in reasons.items():
        st.caption(f"{title}: {why}.")
    for name, meaning in side_by_side.HELP.items():
        st.markdown(f":small[**{side_by_side.TITLES[name]}.** {meaning}]")


def _differences(shown: Shown) -> None:
    if shown.found is None:
        st.caption("Choose two models or more, with predictions of the same films.")
        return
    thresholds = {
        one.report.checkpoint_id: None if one.report.threshold is None else one.report.threshold.value
        for one in shown.measured
    }
    for difference in compare.other_differences(shown.found, shown.key, thresholds):
        st.markdown(f"- {sentence(difference, shown.names)}")
    st.caption(
        "Paired, by patient: the patients are drawn again 1,000 times for each measure, and the calls of two models "
        "swapped patient by patient for sensitivity and specificity; p after Holm over the pairs of a measure."
    )


def _seeds(shown: Shown) -> None:
    groups = compare.seeds(list(shown.names)) if shown.found is not None else []
    if not groups or shown.found is None:
        st.caption("None of the chosen models differ in the seed alone; `train --seed` makes another one.")
        return
    for group in groups:
        found = compare.pooled_seeds(shown.found, shown.key, group)
        rows = [
            {
                "Measure": metrics.TITLES[name],
                f"Mean of {found.seeds} seeds": side_by_side.words(measure),
                "Standard deviation between seeds": "" if measure.between is None else f"{measure.between:.3f}",
            }
            for name, measure in found.metrics.items()
            if name in metrics.TITLES
        ]
        st.caption(", ".join(shown.names[name] for name in group))
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key=f"compare.seeds.{group[0]}")


def _confusion(shown: Shown) -> None:
    shown.draw(confusion.confusion, key="confusion", alt="Calls against the reference standard, for each model")
    st.caption(f"Each at its own operating point: {compare_words.points(shown.measured)}.")


def _thresholds(shown: Shown) -> None:
    _say_left_out(shown, "net_benefit")
    shown.draw(threshold_analysis.threshold_analysis, key="thresholds", alt="Measures along the threshold")
    shown.draw(decision.decision_curve, key="decision", alt="Net benefit along the threshold")
    st.caption(
        "Net benefit counts a true alarm as one and a false one by the odds of the threshold: a model is worth acting "
        "on where it lies above both calling all films and calling none."
    )


def _subgroups(shown: Shown) -> None:
    _say_left_out(shown, "subgroups")
    shown.draw(subgroups.forest, key="subgroups", alt="AUROC, sensitivity and specificity by subgroup")
    st.caption(
        "Grey rows have too few patients to conclude from. Intervals that overlap do not prove that groups are alike; "
        "many groups are looked at, and one or another will seem to differ by chance."
    )
    if any(one.report.shortcut is not None for one in shown.measured):
        shown.draw(subgroups.shortcut, key="shortcut", alt="Positives with and without a drain")
        st.caption(
            "A drain is put in after a pneumothorax was found. A model that finds the drained ones only has learnt the "
            "drain, and misses those that matter."
        )


def _truths(shown: Shown) -> None:
    _say_left_out(shown, "truths")
    shown.draw(truths.truths, key="truths", alt="Measures against each source of labels")
    st.caption(
        "A model that learnt from reports agrees with reports, errors included. Compare models on the films that all "
        "sources speak of."
    )


def _spread(shown: Shown) -> None:
    _say_left_out(shown, "spread")
    shown.draw(spread.spread, key="spread", alt="Probabilities by label and correctness")
    st.caption(
        "Upwards the films with a pneumothorax, downwards those without, each as a share of its label. The dotted line "
        "is the operating point; the less the two heaps overlap, the better a model tells them apart."
    )


def _efficiency(shown: Shown) -> None:
    found = [compare_words.cost(one.report.checkpoint_id) for one in shown.measured]
    shown.draw(efficiency.efficiency, found, key="efficiency", alt="AUROC against parameters, arithmetic and time")
    st.caption(
        "Higher is better, with 95 % intervals; further left is cheaper, but for images a second. Where intervals "
        "overlap, the verdicts above say whether the dearer model is better at all. Times are of the machine each was "
        "trained on; one GFLOP is a thousand million multiplications and additions."
    )


def _training(shown: Shown) -> None:
    runs = []
    for one in shown.measured:
        try:
            history = cards.read_history(resources.workspace(), one.report.checkpoint_id)
        except InputError:  # made elsewhere, or gone
            continue
        if "tune_loss" in history and len(history):
            runs.append(Run(name=one.name, model=one.model, history=history))
    if not runs:
        st.caption("None of these was trained here by itself.")
        return
    stamped: dict[str, Any] = {"theme": None}
    panels.draw_figure(
        training.aurocs_of_runs(runs, **stamped), key="compare.training.auroc", alt="AUROC on tune by epoch"
    )
    panels.draw_figure(
        training.losses_of_runs(runs, **stamped), key="compare.training.loss", alt="Loss on tune by epoch"
    )
    st.caption(training.comparing_caption(runs))


def _configuration(shown: Shown) -> None:
    configs, unknown = {}, []
    for one in shown.measured:
        try:
            configs[one.name] = cards.read_config(resources.workspace(), one.report.checkpoint_id)
        except InputError:  # made elsewhere, or gone
            unknown.append(one.name)
    if unknown:
        st.caption(f"Settings are not known here: {', '.join(unknown)}.")
    if len(configs) < 2:  # nothing to lay side by side
        st.caption("Choose two models or more that were trained here.")
        return
    table = configurations.differing(configs)
    if table.empty:
        st.caption("They were trained with the same settings.")
    else:
        st.dataframe(table, hide_index=True, height="content", key="compare.configuration")


def _label_errors(shown: Shown) -> None:
    names = [
        one.report.checkpoint_id for one in shown.measured if compare_words.cost(one.report.checkpoint_id) is not None
    ]
    if not names:
        st.caption("A checkpoint of this study is needed; none is chosen.")
        return
    chosen = st.selectbox("By the model", names, format_func=shown.names.__getitem__, key="compare.errors.by")
    label_errors.draw(shown.question, chosen)


BLOCKS: tuple[tuple[str, str, Callable[[Shown], None]], ...] = (
    ("All measures", "measures", _measures),
    ("Differences in other measures", "others", _differences),
    ("Seeds of one configuration", "seeds", _seeds),
    ("Confusion at the operating points", "confusion", _confusion),
    ("Thresholds and net benefit", "thresholds", _thresholds),
    ("Subgroups and the drain", "subgroups", _subgroups),
    ("Against each source of labels", "truths", _truths),
    ("Suspected label errors", "errors", _label_errors),
    ("How the probabilities are spread", "spread", _spread),
    ("What it costs", "efficiency", _efficiency),
    ("Training", "training", _training),
    ("In what the settings differ", "configuration", _configuration),
)


def _say_left_out(shown: Shown, block: str) -> None:
    """Name the models that a figure cannot show because their report has no such block."""
    names = [one.name for one in shown.measured if not getattr(one.report, block)]
    if names:
        st.caption(f"Not drawn: {', '.join(names)}; the report has no such figures yet. Measure again.")
