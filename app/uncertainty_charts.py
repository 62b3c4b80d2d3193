"""What the page Uncertainty draws: the bench of signals, the charts, workload against missed cases, the cases."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import panels, state, uncertainty
from app.uncertainty import Studied
from core.evaluation import first_cases, side_by_side
from core.figures import uncertainty as figures
from core.figures.palette import SHAPES
from core.triage import bench, decision, pictures, reasons, signals
from core.triage.decision import Policy

WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other
ZONES = {zone: f"{shape} {zone}" for zone, shape in SHAPES.items()}
LABELS = {1: "with", 0: "without"}  # the finding
MEANING = (
    "Tune chose the signal that orders the unsure. Error-detection AUROC: the chance that a wrong call has the higher "
    "value of the signal than a right one; 0.5 is guessing. AURC: the mean share of wrong calls over all shares of "
    "films kept, lower is better. Kept at 5 % wrong: how many films, from the surest on, can be kept with at most 5 % "
    "wrong calls among them. Intervals: 95 %, by patient; one that crosses 0 is no evidence of a difference."
)
CONFIDENCE = (
    "Confidence is here the probability of the call: that of the finding at or above the cut, and 1 less it below. On "
    "the thin line it can be taken at its word; the small numbers are the films of each tenth."
)
ERRORS = (
    "ECE, the expected calibration error, is the mean gap to the thin line over tenths of the scale, the adaptive one "
    "over tenths of the films; Brier is the mean squared error."
)
RISK = (
    "Wrong calls among the films kept: from left to right more films, the surest first. The lower a line, the better "
    "its signal keeps wrong calls out; at the left few films make it jump. The combination is a logistic regression on "
    "all signals, fitted on tune, and on tune itself measured on patients it was not fitted to."
)


def draw_bench(studied: Studied) -> None:
    """Draw the verdict, and under it the signals side by side."""
    st.html(f'<p class="ps-lead" style="font-size: 20px">{studied.bench.verdict}</p>')
    st.dataframe(bench_table(studied), hide_index=True, height="content", key="uncertainty.bench")
    missing = missing_words(studied)
    st.caption(MEANING + (f"  \n{missing}" if missing else ""))
    spread = "member_spread" if "members" in studied.shown.card else "pass_spread"
    if spread == "pass_spread" and spread in studied.shown.missing:
        question = f"--dataset {studied.shown.dataset} --split {studied.shown.split} --part val test"
        st.info("These films were predicted without passes, so nothing is known of their spread. This adds it:")
        st.code(
            f"python -m core predict {studied.shown.card['checkpoint_id']} {question} --passes 30",
            language="bash",
            wrap_lines=True,
        )


def draw_charts(studied: Studied) -> None:
    """Draw the charts of the view that is chosen; the others are not made."""
    views: dict[str, Callable[[Studied], None]] = {
        "Spread and confidence": _draw_spread,
        "Reliability and risk": _draw_reliability,
    }
    view = st.segmented_control(
        "Charts", list(views), default=next(iter(views)), required=True, key="uncertainty.view", persist_state="session"
    )
    views[view](studied)


def draw_workload(studied: Studied) -> None:
    """Draw workload against missed cases on tune, with the slider that chooses the point, and the command for it."""
    tune = studied.tune
    percent = st.slider(
        "Films that may be unsure (of 100)",
        min_value=0,
        max_value=100,
        value=uncertainty.BUDGET,
        key="uncertainty.budget",
        persist_state="session",
        help="So many of 100 films the policy may send to a reader although their probability is below the cut.",
    )
    curve = pictures.workload_curve(studied.chosen, tune)
    threshold = decision.by_budget(studied.chosen, tune, share=percent / 100).threshold
    _chart(
        pictures.workload(curve, at=threshold, caption=pictures.stamp(tune)),
        key="workload",
        alt="Positives missed against the films to read, on tune",
    )
    sentence = pictures.workload_sentence(pictures.at_threshold(curve, threshold))
    st.html(f'<p class="ps-lead">{sentence}</p>')
    st.caption(
        f"On the {len(tune.films):,} films of the fold tune, which also chose the signal, so other films fare somewhat "
        "worse; 95 % interval by patient. Missed is a film with the finding that is neither suspected nor unsure. The "
        "fold certify is never read here, only once, when a limit on missed cases is saved. This makes a worklist:"
    )
    st.code(
        panels.triage_command(tune.card["checkpoint_id"], tune.dataset, str(tune.split), budget=percent / 100),
        language="bash",
        wrap_lines=True,
    )


def draw_cases(studied: Studied, table: pd.DataFrame, policy: Policy) -> None:
    """Draw the cases of the policy, at most 200 a page; a row that is chosen becomes the page's case."""
    with st.container(horizontal=True, vertical_alignment="center"):
        uncertain = st.toggle(
            "Most uncertain first",
            key="uncertainty.order",
            persist_state="session",
            help="By the signal that orders the unsure; otherwise as a worklist has them, suspected first.",
        )
        if uncertain:
            table = table.sort_values("value", ascending=False, kind="stable", na_position="first")
        pages = -(-len(table) // uncertainty.ROWS)
        number = st.pagination(pages, key=f"uncertainty.page.{pages}") if pages > 1 else 1
    page = table.iloc[(number - 1) * uncertainty.ROWS : number * uncertainty.ROWS]
    key = f"uncertainty.cases.{number}.{uncertain}"
    st.dataframe(
        case_rows(page, policy),
        hide_index=True,
        height=360,
        on_select=functools.partial(_choose, key, page["image_id"].tolist(), str(studied.shown.part)),
        selection_mode="single-row",
        key=key,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("Spread", signals.title(policy.signal))
        },
    )


def draw_sure_and_wrong(studied: Studied) -> None:
    """Draw the wrong calls of which nothing gave a sign, when they are asked for."""
    films = surely_wrong(studied)
    folded = st.expander("Confident and wrong", key="uncertainty.sure", on_change="rerun")
    if not folded.open:
        return
    with folded:
        if films.empty:
            st.caption("No call here is wrong.")
            return
        st.caption(
            f'Called wrong at the cut, with the least sign of it in "{signals.title(studied.chosen.signal)}": no '
            "policy by this signal finds them. Look for what they share."
        )
        captions = [
            f"{first_cases.two_digits(probability, cut=studied.shown.cut)}, {LABELS[int(label)]} the finding"
            for probability, label in zip(films["probability"], films["label"], strict=True)
        ]
        picked = panels.film_gallery(films, captions, size=160, columns=6, key="uncertainty.wrong")
    if picked is not None:
        state.CASE.set((picked, str(studied.shown.part)))


def counted(studied: Studied) -> str:
    """Say how many films are looked at and how many calls are wrong."""
    known = studied.shown.labelled()
    positive, wrong = int((known.labels == 1).sum()), int(known.errors.sum())
    without = len(studied.shown.films) - len(known.films)
    return (
        f"{len(known.films):,} films, {len(set(known.patients)):,} patients, {positive:,} positive; {wrong:,} called "
        f"wrong at the cut {known.cut:.2f}."
        + (f" {without:,} films without a label of this source are left out." if without else "")
    )


def bench_table(studied: Studied) -> pd.DataFrame:
    """Return the signals side by side, best first, the one that tune chose marked."""
    rows = [
        {
            "": "chosen" if row.signal == studied.chosen.signal else "",
            "Signal": signals.title(row.signal),
            "Finds wrong calls (AUROC)": side_by_side.words(row.error_auroc),
            "Against the plain distance": ""
            if row.signal == "cut_distance"
            else side_by_side.words(row.gain, sign="+"),
            "AURC": "" if row.aurc is None else f"{row.aurc:.3f}",
            "Kept at 5 % wrong": "" if row.coverage_at_5 is None else f"{row.coverage_at_5:.0%}",
            "Films": f"{row.films:,}",
        }
        for row in studied.bench.rows
    ]
    return pd.DataFrame(rows)


def missing_words(studied: Studied) -> str:
    """Say which signals are missing, and why; nothing if none is."""
    told = [f"{signals.title(name)} ({why})" for name, why in studied.shown.missing.items()]
    return f"Missing: {'; '.join(told)}." if told else ""


def case_rows(table: pd.DataFrame, chosen: Policy) -> pd.DataFrame:
    """Return cases as the table under the curve shows them."""
    called = table["probability"] >= chosen.cut
    known = table["label"].notna()
    wrong = known & (called != (table["label"] == 1).fillna(False))
    return pd.DataFrame(
        {
            "Film": table["image_id"],
            "Zone": table["zone"].map(ZONES),
            f"Probability (cut {chosen.cut:.2f})": [
                first_cases.two_digits(one, cut=chosen.cut) for one in table["probability"]
            ],
            signals.title(chosen.signal): table["value"],
            "Spread": table["probability_std"],
            "Label": table["label"].map(LABELS).fillna("unknown"),
            "Call": np.select([wrong, known], ["wrong", "right"], ""),
            "First reason": table["first_reason"].map(reasons.TITLES),
        }
    )


def surely_wrong(studied: Studied) -> pd.DataFrame:
    """Return wrong calls of which the chosen signal gives the least sign, the surest first."""
    known = studied.shown.labelled()
    films = known.films.assign(value=studied.chosen.values(known))[known.errors]
    return films.dropna(subset="value").sort_values("value", kind="stable").head(uncertainty.GALLERY)


def _draw_spread(studied: Studied) -> None:
    shown, stamp = studied.shown, pictures.stamp(studied.shown)
    spread = "member_spread" if "members" in shown.card else "pass_spread"
    with st.grid(min_column_width=WIDTH):
        for key, make, alt in (
            ("errors", pictures.by_correctness, "Distribution of the spread of wrong and of right calls"),
            ("labels", pictures.by_label, "Distribution of the spread of films with the finding and without"),
            ("density", pictures.density, "Films by mean probability and standard deviation"),
            ("right", pictures.right_calls, "Share of right calls by the probability of the call"),
        ):
            _chart(make(shown, caption=stamp), key=key, alt=alt)
    st.caption(
        f"Where the two lines of a chart lie on each other, the spread tells nothing. "
        f"{_worth(studied.bench.rows, spread)} A film of low spread and a mean far from the cut is one the model is "
        f"sure of, rightly or not.  \n{CONFIDENCE}"
    )


def _draw_reliability(studied: Studied) -> None:
    shown, stamp = studied.shown, pictures.stamp(studied.shown)
    found = pictures.reliabilities(shown)
    with st.grid(min_column_width=WIDTH):
        _chart(
            figures.reliability(*found, caption=stamp),
            key="reliability",
            alt="Share of films with the finding by predicted probability, before and after calibration",
        )
        _chart(
            pictures.risk_coverage(studied.chosen, shown, caption=stamp),
            key="risk",
            alt="Share of wrong calls among the films kept, by signal",
        )
    st.caption(f"{pictures.reliability_words(shown, *found)} {ERRORS}  \n{RISK}")


def _worth(rows: Sequence[bench.Row], spread: str) -> str:
    row = next((one for one in rows if one.signal == spread), None)
    if row is None or row.error_auroc.value is None:
        return ""
    measured = side_by_side.words(row.error_auroc)
    return f"As a finder of wrong calls it has an error-detection AUROC of {measured}; 0.5 is guessing."


def _chart(figure: go.Figure, *, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=f"uncertainty.{key}", alt=alt)


def _choose(key: str, image_ids: Sequence[str], part: str) -> None:
    """Make the row that was chosen in a table the page's case; none if it was let go."""
    rows = st.session_state[key]["selection"]["rows"]
    state.CASE.set((image_ids[rows[0]], part) if rows else None)
