"""The page Translations: which synthetic data set, how well it can be told from films, and what to look at of it."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import (
    panels,
    reading,
    resources,
    state,
    synthesis_resources,
    translations_browse,
    translations_dose,
    translations_realism,
)
from app import translations_training as training
from app.plain import plain
from core.base.errors import InputError
from core.data.synthetic import DIRECTIONS, SyntheticCard
from core.evaluation.realism_report import RealismReport
from core.figures import realism_words
from core.figures.style import kinds_words
from core.models import cards

BROWSE, REALISM, DOSE, LEARNT, ROUND = "Images", "Realism", "Does it help?", "While it learnt", "Is it real?"
SET = "translations.synthetic"  # key of the choice of a data set
ADDRESSED = "translations.addressed"  # session key: what the page's address asked for last
KEPT = "which way a film was translated tells its label, so they are shown after the answer"
INVENTED = (
    "Every picture marked GENERATED is invented by a network: it may add or remove disease, and nobody should read it "
    "as a film of a patient (Cohen, Luck and Honari, MICCAI 2018)."
)


def follow_address() -> None:
    """Take over the data set and the image that the page's address names, once."""
    asked = {name: str(st.query_params[name]) for name in ("synthetic", "image") if name in st.query_params}
    if not asked or asked == st.session_state.get(ADDRESSED):
        return
    st.session_state[ADDRESSED] = asked
    name = asked.get("synthetic")
    if name in synthesis_resources.names():
        st.session_state[SET] = name
        if "image" in asked:
            translations_browse.choose(name, asked["image"])


def keep_address(card: SyntheticCard) -> None:
    """Let the page's address name the data set, and the image that somebody chose, so that it can be kept and sent."""
    chosen = translations_browse.CHOSEN.get()
    address = {"synthetic": card.name}
    if chosen is not None and chosen[0] == card.name:
        address["image"] = chosen[1]
    if address != {name: st.query_params[name] for name in st.query_params}:
        st.query_params.from_dict(address)
    st.session_state[ADDRESSED] = address


def choose() -> SyntheticCard | None:
    """Draw the choice of a synthetic data set; None, with the next step said, where there is none."""
    names = synthesis_resources.names()
    if not names:
        try:
            _draw_nothing()
        except InputError as error:  # a generator's card is damaged
            st.warning(plain(error))
        return None
    found = {}
    for name in names:
        try:
            found[name] = synthesis_resources.card(name)
        except InputError as error:  # damaged, of another version, or being removed: the others can be looked at
            st.warning(plain(error))
    if not found:
        return None
    if st.session_state.get(SET) not in found:
        st.session_state.pop(SET, None)  # it is gone
    name = st.selectbox(
        "Synthetic data set",
        list(found),
        format_func=lambda one: set_words(found[one]),
        key=SET,
        persist_state="session",
    )
    return found[name]


def set_words(card: SyntheticCard) -> str:
    """Name a synthetic data set: which way, of whose films.

    Examples:
        >>> base = {"name": "nih-ptx", "dataset": "nih", "split": "domain", "split_sha256": "", "images": {"val": 2}}
        >>> base |= {"direction": "a-to-b", "generator_id": "g", "generator_sha256": "", "patients": []}
        >>> base |= {"patients_sha256": "", "image_size": 64, "parent_kinds": {"real": 2}, "classifier_id": None}
        >>> set_words(SyntheticCard(**base, classifier_reason="none", created_at="2026-01-01T00:00:00Z"))
        'nih-ptx: No Finding to pneumothorax, from real films of nih'
    """
    kinds = kinds_words(card.parent_kinds)
    whose = kinds if kinds == card.dataset else f"{kinds} of {card.dataset}"
    return f"{card.name}: {DIRECTIONS[card.direction]}, from {whose}"


def about(card: SyntheticCard) -> str:
    """Say how many images there are, of which parts, and who made them."""
    count = sum(card.images.values())
    parts = ", ".join(f"{part} {number:,}" for part, number in card.images.items() if number)
    return (
        f"{count:,} images of {card.image_size} px ({parts}) of {card.dataset}/{card.split}, made by "
        f"{card.generator_id} on {card.created_at[:10]}; it learnt from {len(card.patients):,} patients."
        + "".join(f" {note}" for note in card.notes)
    )


def draw(card: SyntheticCard) -> None:
    """Draw the verdict on a synthetic data set, and the view of it that is chosen; the others are not made."""
    report = _report(card)
    if report is not None and not translations_realism.stale(card, report):
        st.html(f'<p class="ps-verdict">{escape(realism_words.verdict(report))}</p>')
        st.caption(f"{realism_words.whose(report)}  \n{about(card)}")
    else:
        st.html('<p class="ps-verdict">How far these images can be told from films was not measured yet.</p>')
        st.caption(f"`{translations_realism.command(card)}` measures it.  \n{about(card)}")
    st.caption(INVENTED)
    view = st.segmented_control(
        "View",
        [BROWSE, REALISM, DOSE, LEARNT, ROUND],
        default=BROWSE,
        required=True,
        key="translations.view",
        label_visibility="collapsed",
        persist_state="session",
    )
    try:
        _draw_view(view, card, report)
    except InputError as error:  # a file is damaged, or gone since this page began
        st.warning(plain(error))


def _draw_view(view: str, card: SyntheticCard, report: RealismReport | None) -> None:
    if view == BROWSE:
        _draw_images(card)
    elif view == REALISM:
        translations_realism.draw(card, report)
    elif view == DOSE:
        _draw_dose(card)
    elif view == LEARNT:
        training.draw(card.generator_id)
    else:
        from app import origin_round  # reads the store of answers: only where somebody takes part

        origin_round.draw(card.name)


def _report(card: SyntheticCard) -> RealismReport | None:
    try:
        return synthesis_resources.realism(card.name)
    except InputError as error:
        st.warning(plain(error))
        return None


def _draw_images(card: SyntheticCard) -> None:
    """Draw the images; none of a film whose label this session's reader must not be told before an answer."""
    pairs = synthesis_resources.pairs(card.name)
    reader = state.READER.get()
    kept = set() if reader is None else reading.kept_from(reader, card.dataset)
    shown = pairs[~pairs["parent_image_id"].isin(kept)]
    if len(shown) < len(pairs):
        count = len(pairs) - len(shown)
        left_out = "1 image is" if count == 1 else f"{count:,} images are"
        st.caption(f"{left_out} left out, of films that wait for {reader}: {KEPT}.")
    if shown.empty:
        st.info("Every image here is of such a film.")
        return
    translations_browse.draw(card, shown)


def _draw_dose(card: SyntheticCard) -> None:
    reports, unreadable = synthesis_resources.dose_reports(card.name)
    for reason in unreadable:
        st.warning(plain(reason))
    translations_dose.draw(card, reports)


def _draw_nothing() -> None:
    """Say what to do where no film was translated yet."""
    made = synthesis_resources.generators()
    if made:
        newest = made[0]
        st.info(
            f"{cards.short_name(newest)} has learnt, but nothing was translated yet. This makes a synthetic data set:"
        )
        place = f"--dataset {newest['dataset']} --split {newest['split']}"
        name = f"{newest['dataset']}-ptx"
        st.code(
            f"python -m core translate {newest['checkpoint_id']} {place} --direction a-to-b --name {name}",
            language="bash",
            wrap_lines=True,
        )
        training.draw(newest["checkpoint_id"])
        return
    st.info(
        "No CycleGAN has learnt yet. It translates films without finding into films with a pneumothorax, and back; it "
        "learns from a split of kind domain, on the page Training or by:"
    )
    generated = synthesis_resources.names()
    names = [name for name in resources.dataset_names() if name not in generated and panels.has_labels(name)]
    dataset = names[0] if names else "DATASET"
    domains = [] if not names else [s for s in resources.split_names(dataset) if _is_domain(dataset, s)]
    lines = [] if domains else [f"python -m core split {dataset} --kind domain --name domain"]
    lines.append(f"python -m core train cyclegan --dataset {dataset} --split {domains[0] if domains else 'domain'}")
    st.code("\n".join(lines), language="bash", wrap_lines=True)


def _is_domain(dataset: str, split: str) -> bool:
    return bool(resources.certificate(dataset, split)["kind"] == "domain")
