"""The sidebar form of a training, made from the fields of its config: the same bounds, the same help.

Every change is checked at once. A reason why something cannot work stands under the field at
fault, and the button starts nothing before it is gone.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import resources, training_checks, training_estimate
from app import training_fields as fields
from app.plain import plain
from app.training_kinds import ABOUT, CLASSIFIER, MEANINGS, MODEL, SYNTHETIC, TELLER, TITLES, TRANSLATOR, Kind, label
from app.training_kinds import of as kind_of
from core.base.errors import InputError
from core.data import synthetic
from core.evaluation.fusion import FUSIONS
from core.models import cards
from core.models.registry import ENSEMBLE
from core.training.config import ONLY_FOR

if TYPE_CHECKING:
    from app.training_checks import Wanted
    from core.data.synthetic import SyntheticCard

FUSION_HELP = '"log-loss" weighs the members as fits the fold tune best, "f1" by their best F1, "equal" all alike.'
NO_DATA = "No data set with images and a split yet. The study being made brings one; see the overview."
LACKING = {
    CLASSIFIER.prefix: "No split for classifiers yet. `python -m core split DATASET --kind patient --name patient`",
    TRANSLATOR.prefix: "No split by domain yet. `python -m core split DATASET --kind domain --name domain`",
    TELLER.prefix: "No synthetic data set yet. Train a CycleGAN, then "
    "`python -m core translate CHECKPOINT --dataset DATASET --split SPLIT --direction a-to-b --name NAME`.",
}


def draw() -> Wanted | None:
    """Draw the form in the sidebar; return the job when its start was clicked and nothing is in the way."""
    with st.sidebar:
        st.subheader("Train")
        if not any(_splits(name) for name in _with_images()):
            st.info(NO_DATA)
            return None
        fields.settle_choice(CLASSIFIER, MODEL, list(TITLES))
        model = fields.value(CLASSIFIER, MODEL)
        kind, fused = kind_of(model), model == ENSEMBLE
        able = _settle(kind)
        wanted, problem = _checked(model) if able else (None, None)
        with fields.place(MODEL, problem):
            fields.select(CLASSIFIER, MODEL, list(TITLES), help=MEANINGS, format_func=TITLES.__getitem__)
        if model in ABOUT:
            st.caption(ABOUT[model])
        if not able:
            st.info(LACKING[kind.prefix])
            return None
        _draw_learnt_from(kind, problem, fused=fused)
        if fused:
            _draw_ensemble(problem)
        else:
            _draw_options(kind, model, problem)
        with st.container(key="training-begin", gap="xsmall"):  # stays in sight, however long the form is
            if wanted is not None and wanted.training is not None:
                training_estimate.draw(wanted.training)
            elif problem is not None:
                at_a_field = problem.field in _places(kind, fused=fused)
                st.markdown(f":small[Not yet: see {label(str(problem.field))}.]" if at_a_field else fields.red(problem))
            action = "Make the ensemble" if fused else "Start training"
            clicked = st.button(action, type="primary", width="stretch", key="training.start", disabled=wanted is None)
    return wanted if clicked else None


def fill(config: dict[str, Any]) -> None:
    """Put a training's options into the form, to be changed and started again."""
    kind = kind_of(str(config.get(MODEL)))
    try:
        options = kind.config.from_dict(config).to_dict()
    except InputError as error:  # filed by an older version
        st.toast(plain(error))
        return
    fields.hold(kind, options)
    st.toast("The form in the sidebar holds its options; change them and start.")


def _settle(kind: Kind) -> bool:
    """Give every field a value, and replace a choice that is no longer offered; False if there is nothing to learn."""
    fields.settle(kind)
    st.session_state.setdefault(CLASSIFIER.key("fusion"), FUSIONS[0])
    for name in (*kind.learnt_from, *_optional(kind)):
        offered = _offered(kind, name)
        if not offered:
            return False
        fields.settle_choice(kind, name, offered)
    if kind is CLASSIFIER:
        key = kind.key("checkpoints")
        chosen, members = st.session_state.setdefault(key, []), _members_offered()
        if set(chosen) - set(members):  # of another split, or gone
            st.session_state[key] = [name for name in chosen if name in members]
    return True


def _checked(model: str) -> tuple[Wanted | None, InputError | None]:
    """Return the job that the fields ask for, or why it cannot work."""
    kind = kind_of(model)
    options = fields.options(kind, [name for name in kind.fields if ONLY_FOR.get(name, model) == model])
    try:
        if model == ENSEMBLE:
            chosen, fusion = st.session_state[kind.key("checkpoints")], st.session_state[kind.key("fusion")]
            return training_checks.wanted_ensemble(options["dataset"], options["split"], chosen, fusion=fusion), None
        if kind is CLASSIFIER and options["synthetic"] is None:
            options = {name: one for name, one in options.items() if name not in SYNTHETIC}
        return training_checks.WANTED[kind.prefix](options), None
    except InputError as error:
        return None, error


def _with_images() -> list[str]:
    return [name for name in resources.dataset_names() if resources.has_images(name)]


def _splits(dataset: str, *, domain: bool | None = None) -> list[str]:
    """Return the names of a data set's splits: all, only those by domain, or only the others."""
    if domain is False:
        return resources.trainable_splits(dataset)
    names = resources.split_names(dataset)
    return [name for name in names if domain is None or resources.certificate(dataset, name)["kind"] == "domain"]


def _offered(kind: Kind, name: str) -> list[str]:
    """Return what may be chosen for a field that names data; nothing where there is none."""
    if kind is TELLER:
        return _offered_to_teller(name)
    domain = kind is TRANSLATOR
    if name == "dataset":
        return [one for one in _with_images() if _splits(one, domain=domain)]
    dataset = fields.value(kind, "dataset")
    if name == "split":
        return _splits(dataset, domain=domain)
    if name == "labels":
        return resources.truth_names(dataset)
    made: dict[str, list[str]] = {way: [] for way in synthetic.DIRECTIONS}
    for card in _cards():
        if card.dataset == dataset:
            made[card.direction].append(card.name)
    both = product(made[synthetic.A_TO_B], made[synthetic.B_TO_A])
    return [fields.NONE, *made[synthetic.A_TO_B], *(",".join(pair) for pair in both)]


def _offered_to_teller(name: str) -> list[str]:
    if name == "synthetic":
        return synthetic.names(resources.workspace())
    translated = _card_chosen().dataset  # what sets another data set apart would be told, not origin
    return [fields.NONE, translated] if name == "dataset" else [fields.NONE, *_splits(translated)]


def _cards() -> list[SyntheticCard]:
    place = resources.workspace()
    return [synthetic.card(place, name) for name in synthetic.names(place)]


def _card_chosen() -> SyntheticCard:
    return synthetic.card(resources.workspace(), fields.value(TELLER, "synthetic"))


def _optional(kind: Kind) -> list[str]:
    """Return the further fields that name data, and may be left out."""
    return [name for name, field in kind.fields.items() if fields.is_optional(field) and name not in kind.learnt_from]


def _draw_learnt_from(kind: Kind, problem: InputError | None, *, fused: bool) -> None:
    """Draw what is learnt from: an ensemble has the labels of its members."""
    for name in kind.learnt_from:
        if not (fused and name == "labels"):
            with fields.place(name, problem):
                fields.select(kind, name, _offered(kind, name))


def _draw_options(kind: Kind, model: str, problem: InputError | None) -> None:
    """Draw the options of a training: the useful ones first, the rest folded by group."""
    for name in kind.first:
        fields.draw(kind, name, problem)
    for title, names in kind.folded.items():
        shown = [name for name in names if ONLY_FOR.get(name, model) == model]
        at_fault = problem is not None and problem.field in shown
        with st.expander(title, expanded=at_fault, key=f"training.group.{title}"):
            for name in shown:
                if name in _optional(kind):
                    _draw_optional(kind, name, problem)
                else:
                    asks = name not in SYNTHETIC or fields.value(CLASSIFIER, "synthetic") != fields.NONE
                    fields.draw(kind, name, problem, disabled=not asks)


def _draw_optional(kind: Kind, name: str, problem: InputError | None) -> None:
    left_out = f"{getattr(_card_chosen(), name)}, which was translated" if kind is TELLER else "none"
    with fields.place(name, problem):
        fields.select(kind, name, _offered(kind, name), format_func=lambda one: one or left_out)


def _draw_ensemble(problem: InputError | None) -> None:
    offered = _members_offered()
    with fields.place("checkpoints", problem):
        st.multiselect(
            label("checkpoints"),
            list(offered),
            format_func=lambda name: offered.get(name, name),
            key=CLASSIFIER.key("checkpoints"),
            persist_state="session",
            help="Two or more classifiers that learnt from this split. Image sizes may differ.",
        )
        if len(offered) < 2:
            st.caption(f"{len(offered) or 'No'} classifier of this split is trained so far; train the members first.")
    fields.select(CLASSIFIER, "fusion", list(FUSIONS), help=FUSION_HELP)


def _members_offered() -> dict[str, str]:
    """Return the classifiers that learnt from the chosen split: their ids and short names, the newest first."""
    place = (fields.value(CLASSIFIER, "dataset"), fields.value(CLASSIFIER, "split"))
    return {
        card["checkpoint_id"]: cards.short_name(card)
        for card in resources.checkpoint_cards()
        if (card["dataset"], card["split"]) == place and card["model"] != ENSEMBLE
    }


def _places(kind: Kind, *, fused: bool) -> set[str]:
    """Return the fields at which a reason can stand."""
    return {"dataset", "split", MODEL, "checkpoints"} if fused else set(kind.fields)
