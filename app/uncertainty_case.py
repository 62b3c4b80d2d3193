"""One case on the page Uncertainty: film, reasons, passes or members, signals, nearest cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import navigation, resources, uncertainty, uncertainty_maps
from app.plain import plain
from app.uncertainty import Question
from app.uncertainty_charts import LABELS, ZONES
from core.base.errors import InputError
from core.data import browsing
from core.evaluation import first_cases
from core.evaluation import uncertainty as spreads
from core.figures import uncertainty as figures
from core.triage import one_case, pictures, reasons
from core.triage.decision import Policy
from core.triage.evidence import Evidence
from core.triage.policy import SUSPECTED

FILM, NEAREST = 320, 160  # pixels
GONE = "The film {name} is not among those of {dataset}, split {split}, part {part}, that this checkpoint predicted."


def draw_alone(question: Question, image_id: str, part: str) -> None:
    """Draw the case that a link opened, and nothing else; measures of the whole part are not made.

    Args:
        question: Whose predictions.
        image_id: The film.
        part: Train, val or test.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All films of this part", key="uncertainty.all", on_click=uncertainty.show_all, args=(part,))
        navigation.link("worklist", "Back to the worklist")
    try:
        shown, key = uncertainty.of_part(question, part)
        tune, chosen, own = uncertainty.choice(question, draws=0)
    except InputError as error:
        st.warning(plain(error))
        return
    policy, table = uncertainty.sorted_cases((*own, *key), uncertainty.budget(), chosen, shown)
    draw(tune, shown, policy, table, image_id, alone=True)


def draw(
    tune: Evidence, shown: Evidence, policy: Policy, table: pd.DataFrame, image_id: str, *, alone: bool = False
) -> None:
    """Draw one case.

    Args:
        tune: The films of the fold tune, among which signals have their place.
        shown: The films the case is one of.
        policy: By which they stand in zones.
        table: The cases of the policy.
        image_id: The film.
        alone: Whether a link opened it: a worklist has a policy of its own, so below the cut no zone is told.
    """
    found = table[table["image_id"] == image_id]
    if found.empty:
        place = {"dataset": shown.dataset, "split": shown.split, "part": pictures.part_words(shown)}
        st.warning(plain(GONE.format(name=image_id, **place)))
        return
    case = found.iloc[0].to_dict()
    st.subheader(f"Case {plain(image_id)}")
    left, right = st.columns([1, 2], gap="large")
    with left:
        picture = resources.thumbnail(case, size=2 * FILM)
        if picture is None:
            st.caption("No image file.")
        else:
            st.image(picture, width=FILM, alt=f"Film {image_id}")
        st.caption(_about(case, shown))
    with right:
        probability = first_cases.two_digits(case["probability"], cut=policy.cut)
        zone = "below the cut" if alone and case["zone"] != SUSPECTED else ZONES[case["zone"]]
        st.html(f'<p class="ps-lead"><b>{zone}</b>, probability {probability}, cut {policy.cut:.2f}</p>')
        st.markdown("\n".join(f"- {reason.sentence}" for reason in reasons.of(case, policy)))
        if not alone:
            st.caption(
                f"The zone is that of a budget of {100 * (policy.budget or 0):.0f} % unsure, as the slider stands; a "
                "saved worklist has a policy of its own."
            )
        _draw_spread(shown, case, policy.cut)
    st.markdown("**All signals of this film**")
    table = one_case.signals_table(tune, case)
    st.dataframe(
        table.assign(Place=100 * table["Place"]),
        hide_index=True,
        height="content",
        key="uncertainty.signals",
        column_config={
            "Value": st.column_config.NumberColumn(format="%.3f", width="small"),
            "Place": st.column_config.NumberColumn(format="%.0f %%", width="small"),
            "About": st.column_config.TextColumn(width="large"),
        },
    )
    st.caption(
        "More is more unsure. The place is the share of tune's films with less of that signal, equals counted half: "
        "near 100 % hardly a film of tune has more."
    )
    _draw_nearest(shown, case)
    uncertainty_maps.draw(shown, case)


def _about(case: Mapping[str, Any], shown: Evidence) -> str:
    """Say who and what the film is, as far as it is known."""
    label = "unknown" if pd.isna(case["label"]) else f"{LABELS[int(case['label'])]} the finding"
    words = [f"Label ({shown.truth}): {label}"]
    words += [str(case[name]) for name in ("view", "sex") if name in case and pd.notna(case[name])]
    if "age_years" in case and pd.notna(case["age_years"]):
        words.append(f"{case['age_years']:.0f} y")
    if "follow_up" in case and pd.notna(case["follow_up"]):
        words.append(f"follow-up {int(case['follow_up'])}")
    if case.get("priors"):
        words.append(f"{int(case['priors'])} earlier")
    return " · ".join(words)


def _draw_spread(shown: Evidence, case: Mapping[str, Any], cut: float) -> None:
    """Draw the passes, or the members, of a case, and say how well the spread is known."""
    members = one_case.members(shown.card, case)
    if members:
        st.plotly_chart(figures.members(members, cut=cut), key="uncertainty.members", alt="Probability by each member")
        st.caption("Each member's own calibrated probability; a weight of 0.00 was found on tune and adds nothing.")
        return
    where = (shown.card["checkpoint_id"], shown.dataset, str(shown.split), str(shown.part))
    order = resources.predictions(*where)
    path = resources.workspace().predictions(*where)
    passes = None if order is None else one_case.passes(path, order["image_id"], case["image_id"])
    if passes is None:
        st.caption("Predicted without passes, so there is no spread over them.")
        return
    st.plotly_chart(
        figures.passes(passes, cut=cut), key="uncertainty.passes", alt="Histogram of the passes' probabilities"
    )
    std = float(np.std(passes, ddof=1))
    error = spreads.error_of_std(len(passes))
    st.caption(
        f"Each of {len(passes)} passes leaves other parts of the network out at random. Their standard deviation is "
        f"{std:.3f}; from so few passes it is known to about {error:.0%} of itself (Monte-Carlo error)."
    )


def _draw_nearest(shown: Evidence, case: Mapping[str, Any]) -> None:
    """Draw the labelled training films that lie nearest to a case, and say where their labels come from."""
    st.markdown("**Nearest labelled cases**")
    names = case.get("neighbour_ids")
    dataset, truth = shown.card["dataset"], shown.card["labels"]
    if names is None or np.ndim(names) != 1 or dataset not in resources.dataset_names():
        st.caption("It is not known which films this checkpoint learnt from.")
        return
    films = resources.radiographs(dataset).set_index("image_id", drop=False)
    films = films.loc[[name for name in names if name in films.index]]
    truths = resources.truth_table(dataset)
    labels = truths[truths["truth"] == truth].set_index("image_id")["label"]
    words = films["image_id"].map(labels).map(browsing.LABEL_WORDS).fillna("unknown")
    with st.grid(columns=5, gap="small", key="uncertainty.nearest"):
        for film, label in zip(films.to_dict("records"), words, strict=True):
            with st.container(gap="xsmall"):
                picture = resources.thumbnail(film, size=NEAREST)
                if picture is not None:
                    st.image(picture, width="stretch", alt=f"Film {film['image_id']}: {label}")
                st.caption(f"{label}  \n{plain(film['image_id'])}")
    st.caption(
        f'The training films with the most similar features, nearest first. Their labels come from "{truth}" of '
        f"{dataset}, the labels the classifier learnt from. Similar to the model need not be similar to a reader."
    )
