"""Browsing translations: filters and order in the sidebar, a gallery or a table of pairs, the chosen one large."""

from __future__ import annotations

import base64

import pandas as pd
import streamlit as st

from app import state, synthesis_resources, translations_pair
from app import translations_filters as filters
from app.plain import plain
from app.translations_filters import Wanted
from core.data.synthetic import SyntheticCard

GALLERY, TABLE = "Gallery", "Table"
A_PAGE = {GALLERY: 12, TABLE: 50}
PICTURE = 128  # pixels of each square of a pair
GALLERY_COLUMN = 160  # pixels
UNKNOWN_ORDER = "Image"  # where nothing is known of what was asked for
LIST = 900  # pixels of the list beside the chosen image, which scrolls
COLUMNS = ("image_id", "part", "real_probability", "change", "cycle_error", "probability_shift", "lead_in_region")
CHOSEN: state.Key[tuple[str, str] | None] = state.Key("translations.chosen", None)  # data set and image


def draw(card: SyntheticCard, pairs: pd.DataFrame) -> None:
    """Draw the translations that fit the filters, and the chosen one.

    Args:
        card: Of the synthetic data set.
        pairs: Its rows of `synthesis_resources.pairs`.
    """
    with st.sidebar:
        wanted, order, reverse = _wanted(card, pairs)
    found = filters.ordered(filters.matching(pairs, wanted), order, reverse=reverse)
    if found.empty:
        st.info("No image fits these filters; take one away in the sidebar.")
        return
    chosen = _chosen(card, pairs, found)
    with st.container(horizontal=True, vertical_alignment="center"):
        form = st.segmented_control(
            "Form",
            [GALLERY, TABLE],
            default=GALLERY,
            required=True,
            key="translations.form",
            label_visibility="collapsed",
            persist_state="session",
            width="content",
        )
        order = order if pairs[filters.ORDERS[order][0]].notna().any() else UNKNOWN_ORDER
        st.caption(counted(len(found), len(pairs), order, reverse=reverse), width="stretch")
        pages = -(-len(found) // A_PAGE[form])
        number = st.pagination(pages, key=f"translations.page.{card.name}.{form}.{pages}") if pages > 1 else 1
    page = found.iloc[(number - 1) * A_PAGE[form] : number * A_PAGE[form]]
    if form == TABLE:
        _table(card, page)
        translations_pair.draw(chosen, card)
        return
    left, right = st.columns([1, 4], gap="medium")
    with left, st.container(height=LIST, border=False, key="translations.list"):
        _gallery(card, page, order, str(chosen["image_id"]))
    with right:
        translations_pair.draw(chosen, card)


def counted(shown: int, all_images: int, order: str, *, reverse: bool) -> str:
    """Say how many images there are, and which stand first.

    Examples:
        >>> counted(3, 12, "Change", reverse=False)
        '3 of 12 images, by change, the largest first'
    """
    _, largest_first = filters.ORDERS[order]
    first = "name" if order == "Image" else f"{order[0].lower()}{order[1:]}"
    end = "" if order == "Image" else f", the {'largest' if largest_first != reverse else 'smallest'} first"
    return f"{shown:,} of {all_images:,} images, by {first}{end}"


def _wanted(card: SyntheticCard, pairs: pd.DataFrame) -> tuple[Wanted, str, bool]:
    """Draw the filters and the order."""
    st.subheader("Images shown")
    order = st.selectbox("Order", list(filters.ORDERS), key="translations.order", persist_state="session")
    reverse = st.toggle("Other end first", key="translations.reverse", persist_state="session")
    known = filters.offered(pairs)
    choices: dict[str, list[str]] = {}
    if "part" in known:
        options = filters.values(pairs, "part") or []
        choices["part"] = st.multiselect(
            "Part",
            options,
            default=[part for part in options if part != "train"],
            key=f"translations.part.{card.name}",
            persist_state="session",
            help="Of train are patients whom the generator learnt from; take all away to see every part.",
        )
    asked = st.multiselect(
        "Filter by",
        [name for name in known if name != "part"],
        format_func=lambda name: filters.TITLES.get(name, name),
        key=f"translations.fields.{card.name}",
        persist_state="session",
        help="Any field of the passports in which these images differ.",
    )
    ranges: dict[str, tuple[float, float]] = {}
    texts: dict[str, str] = {}
    for name in asked:
        key, title = f"translations.filter.{card.name}.{name}", filters.TITLES.get(name, name)
        if filters.is_number(pairs, name):
            span = _range(pairs[name].dropna(), title, key=key)
            if span is not None:
                ranges[name] = span
        elif (options_of := filters.values(pairs, name)) is not None:
            choices[name] = st.multiselect(title, options_of, key=key, persist_state="session")
        else:
            texts[name] = st.text_input(title, key=key, icon=":material/search:", persist_state="session")
    return Wanted(choices=choices, ranges=ranges, texts=texts), order, reverse


def _range(known: pd.Series, title: str, *, key: str) -> tuple[float, float] | None:
    """Draw the range of a number; None where it leaves nobody out."""
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    if low == high:
        st.caption(f"{title}: {'unknown' if known.empty else f'{low:.3g}, or unknown'}")
        return None
    found: tuple[float, float] = st.slider(
        title,
        low,
        high,
        (low, high),
        step=(high - low) / 100,
        format="%.3f",
        key=f"{key}.{low}.{high}",
        persist_state="session",
        help="A narrower range leaves out images of which this is not known.",
    )
    return None if found == (low, high) else found


def _chosen(card: SyntheticCard, pairs: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    """Return the image that was asked for, also where the filters leave it out; else the first of the list."""
    asked = CHOSEN.get()
    if asked is not None and asked[0] == card.name:
        own = pairs[pairs["image_id"] == asked[1]]
        if not own.empty:
            return own.iloc[0]
    return found.iloc[0]


def choose(name: str, image_id: str) -> None:
    """Show one image of a synthetic data set large."""
    CHOSEN.set((name, image_id))


def _gallery(card: SyntheticCard, page: pd.DataFrame, order: str, chosen: str) -> None:
    with st.grid(min_column_width=GALLERY_COLUMN, gap="small", key="translations.gallery"):
        for row in page.to_dict("records"):
            with st.container(gap="xsmall"):
                picture = _picture(card, row)
                words = caption(row, order)
                if picture is None:
                    st.caption("No image file")
                else:
                    st.image(picture, width="stretch", alt=f"Film and translation {row['image_id']}: {words}")
                st.caption(f"{plain(row['image_id'])}  \n{words}")
                st.button(
                    "Shown" if row["image_id"] == chosen else "Show large",
                    key=f"translations.show.{row['image_id']}",
                    type="tertiary",
                    disabled=row["image_id"] == chosen,
                    on_click=choose,
                    args=(card.name, row["image_id"]),
                )


def caption(row: dict[str, object], order: str) -> str:
    """Say of an image its part, and by what it stands where it stands.

    Examples:
        >>> caption({"part": "val", "change": 0.031}, "Change")
        'val · change 0.031'
    """
    column, _ = filters.ORDERS[order]
    if column == "image_id":
        return str(row["part"])
    value = row[column]
    told = "unknown" if value is None or pd.isna(value) else f"{value:.3f}"
    return f"{row['part']} · {order[0].lower()}{order[1:]} {told}"


def _picture(card: SyntheticCard, row: dict[str, object]) -> bytes | None:
    film = synthesis_resources.film(card.dataset, str(row["parent_image_id"]))
    return synthesis_resources.pair_picture(row, film, size=PICTURE)


def _table(card: SyntheticCard, page: pd.DataFrame) -> None:
    pictures = [_picture(card, row) for row in page.to_dict("records")]
    urls = [None if one is None else f"data:image/jpeg;base64,{base64.b64encode(one).decode()}" for one in pictures]
    shown = pd.DataFrame(
        {"Film and translation": urls} | {filters.TITLES[name]: page[name].to_numpy() for name in COLUMNS}
    )
    numbers = {filters.TITLES[name]: st.column_config.NumberColumn(format="%.3f") for name in COLUMNS[2:]}
    key = f"translations.table.{card.name}"
    names = page["image_id"].tolist()

    def chosen() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows and rows[0] < len(names):
            choose(card.name, names[rows[0]])

    st.dataframe(
        shown,
        hide_index=True,
        row_height=68,
        height=360,
        on_select=chosen,
        selection_mode="single-row",
        key=key,
        column_config={"Film and translation": st.column_config.ImageColumn(width=150), **numbers},
    )
