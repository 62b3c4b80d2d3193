"""What the page Uncertainty reads and draws: the bench of signals, the charts, the cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from scipy import special

from app import resources
from core.base.paths import Workspace
from core.evaluation import prediction_store, reliability, side_by_side
from core.evaluation.reliability import Reliability
from core.figures import uncertainty as figures
from core.figures import zones
from core.models import cards
from core.triage import bench, decision, evidence, policy, reasons, signals
from core.triage.bench import Bench
from core.triage.decision import Chosen, Policy
from core.triage.evidence import Evidence

TUNE = "tune (val)"
ROWS = 200  # cases a page
GALLERY = 12


@dataclass(frozen=True)
class Studied:
    """A checkpoint's signals: what tune chose, and the films that are looked at."""

    tune: Evidence
    shown: Evidence
    chosen: Chosen
    bench: Bench
    """Of the films that are looked at."""


def read(card: dict[str, Any], part: str, truth: str) -> Studied:
    """Return what is known of a checkpoint's films, computed again only when a file has changed.

    Raises:
        InputError: If predictions are missing or stale.
    """
    place = resources.workspace()
    wanted = ["val"] if part == TUNE else ["val", part]
    paths = [place.radiographs(card["dataset"]), place.truth(card["dataset"])]
    for one in wanted:
        table = place.predictions(card["checkpoint_id"], card["dataset"], card["split"], one)
        paths += [table, table.with_suffix(prediction_store.SIGNALS)]
    times = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
    return _studied(str(place.root), card["checkpoint_id"], part, truth, times)


@st.cache_resource(max_entries=8, show_spinner="Measuring the signals")
def _studied(root: str, checkpoint_id: str, part: str, truth: str, times: tuple[int, ...]) -> Studied:
    """Measure the signals; the result is shared by all sessions, so nobody may change it."""
    place = Workspace()
    card = cards.read_card(place, checkpoint_id)
    names = (card["dataset"], card["split"])
    tune = evidence.load(place, card, *names, "val", truth=truth, fold="tune")
    chosen = decision.choose(tune)
    if part == TUNE:
        return Studied(tune, tune, chosen, chosen.bench)
    shown = evidence.load(place, card, *names, part, truth=truth)
    return Studied(tune, shown, chosen, chosen.measured_on(shown))


def counted(studied: Studied) -> str:
    """Say how many films are looked at and how many calls are wrong."""
    known = studied.shown.labelled()
    positive = int((known.labels == 1).sum())
    return (
        f"{len(known.films):,} films of {len(set(known.patients)):,} patients, {positive:,} positive; "
        f"{int(known.errors.sum()):,} called wrong at the cut {known.cut:.3f}."
    )


def bench_table(studied: Studied) -> pd.DataFrame:
    """Return the signals side by side, best first, and those that are missing with the reason."""
    rows = [
        {
            "Signal": signals.title(row.signal)
            + (" (orders the unsure)" if row.signal == studied.chosen.signal else ""),
            "Finds wrong calls (AUROC)": side_by_side.words(row.error_auroc),
            "Against the plain distance": side_by_side.words(row.gain),
            "AURC": "" if row.aurc is None else f"{row.aurc:.3f}",
            "Kept at 5 % wrong": "" if row.coverage_at_5 is None else f"{row.coverage_at_5:.0%}",
            "Films": f"{row.films:,}",
        }
        for row in studied.bench.rows
    ]
    missing = [
        {"Signal": signals.title(name), "Finds wrong calls (AUROC)": f"missing: {why}"}
        for name, why in studied.shown.missing.items()
    ]
    return pd.DataFrame([*rows, *missing]).fillna("")


def draw_spread(studied: Studied) -> None:
    """Draw how the spread lies by correctness and by label, over the mean, and how right the calls are."""
    known = studied.shown.labelled()
    spread = known.films["probability_std"].to_numpy(float)
    what = "Spread between members" if "members" in known.card else "Spread over passes"
    left, right = st.columns(2)
    groups = {"wrong calls": known.errors, "right calls": ~known.errors}
    x_title = f"{what} (standard deviation of the probability)"
    left.plotly_chart(
        figures.spread_by(spread, groups, title="By correctness", x_title=x_title), key="uncertainty.errors"
    )
    labels = {"with the finding": known.labels == 1, "without": known.labels == 0}
    right.plotly_chart(figures.spread_by(spread, labels, title="By label", x_title=x_title), key="uncertainty.labels")
    mean = known.films["probability_mean"].to_numpy(float)
    left.plotly_chart(figures.density(mean, spread, cut=known.cut), key="uncertainty.density")
    right.plotly_chart(
        figures.right_by_confidence(known.probabilities, known.labels, known.patients, cut=known.cut),
        key="uncertainty.right",
    )
    st.caption(
        "Where the two lines of a chart lie on each other, the spread tells nothing. The probability of the call is "
        "that of the finding at or above the cut, and 1 less it below."
    )


def draw_reliability(studied: Studied) -> None:
    """Draw reliability before and after calibration, with its errors in words."""
    known = studied.shown.labelled()
    before = reliability.reliability(special.expit(known.films["logit"].to_numpy(float)), known.labels, known.patients)
    after = reliability.reliability(known.probabilities, known.labels, known.patients)
    st.plotly_chart(figures.reliability(before, after), key="uncertainty.reliability")
    if before is not None and after is not None:
        st.caption(f"Before: {_errors(before)}. After: {_errors(after)}. On the diagonal, a probability holds.")


def _errors(found: Reliability) -> str:
    return f"ECE {found.ece:.3f}, adaptive ECE {found.adaptive_ece:.3f}, Brier {found.brier:.3f}"


def draw_risk(studied: Studied) -> None:
    """Draw the share of wrong calls among the surest films, for the chosen signal and the plain distance."""
    known = studied.shown.labelled()
    curves = []
    if known.errors.any():
        for name, values in (
            (signals.title(studied.chosen.signal), studied.chosen.values(known)),
            (signals.title(bench.PLAIN), known.table[bench.PLAIN]),
        ):
            there = ~np.isnan(values)
            if there.any():
                curves.append((name, *bench.risk_coverage(values[there], known.errors[there])))
    st.plotly_chart(zones.risk_coverage(curves), key="uncertainty.risk")
    st.caption("The lower a line, the better its signal keeps wrong calls out of what is kept.")


def draw_workload(studied: Studied) -> Policy:
    """Draw workload against missed cases on tune with its slider, and return the policy it stands for."""
    tune = studied.tune
    share = st.slider(
        "Films that may be unsure",
        0.0,
        1.0,
        0.2,
        0.01,
        format="percent",
        key="uncertainty.budget",
        persist_state="session",
    )
    chosen = decision.by_budget(studied.chosen, tune, share=share)
    curve = policy.curve(tune.probabilities, studied.chosen.values(tune), tune.labels, tune.patients, cut=tune.cut)
    at = (
        curve[curve["unsure_share"] <= share + 1e-9].iloc[0]
        if (curve["unsure_share"] <= share).any()
        else curve.iloc[-1]
    )
    st.plotly_chart(zones.workload(curve, chosen=float(at["read_share"])), key="uncertainty.workload")
    if pd.notna(at["missed_share"]):
        st.markdown(
            f"Of 100 films of tune, {100 * at['read_share']:.0f} are read; of 100 positives, "
            f"{100 * at['missed_share']:.1f} are missed ({100 * at['low']:.1f} to {100 * at['high']:.1f})."
        )
    st.caption("Drawn on the fold tune; the fold certify is read once, when a limit is saved:")
    card = tune.card
    st.code(
        f"python -m core triage {card['checkpoint_id']} --dataset {tune.dataset} --split {tune.split} --part test "
        f"--budget {share:.2f} --worklist NAME",
        language="bash",
        wrap_lines=True,
    )
    return chosen


def case_rows(table: pd.DataFrame, cut: float) -> pd.DataFrame:
    """Return the cases as the table under the curve shows them."""
    return pd.DataFrame(
        {
            "Film": table["image_id"],
            "Zone": table["zone"],
            "Probability": [reasons.two_digits(one, cut=cut) for one in table["probability"]],
            "Spread": table["probability_std"],
            "Entropy (nats)": table["predictive_entropy"],
            "Label": table["label"].map({1: "with", 0: "without"}).fillna("unknown"),
            "First reason": table["first_reason"].map(reasons.TITLES),
        }
    )


def surely_wrong(studied: Studied, chosen: Policy) -> pd.DataFrame:
    """Return wrong calls of which the chosen signal gives no sign, the surest first."""
    known = studied.shown.labelled()
    values = chosen.values(known)
    return known.films.assign(value=values)[known.errors].sort_values("value", kind="stable").head(GALLERY)
