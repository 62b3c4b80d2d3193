"""The door on the page Intake: files are chosen, taken in film by film, and what became of each is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import intake_words, resources
from app.intake_state import RECEIPTS, REFUSED, ROUND, TAKING, put_away
from app.plain import plain
from core.base.errors import InputError
from core.data.intake import Received
from core.review import intake

FILES, FOLDER = "Files", "A folder"
SHOWN = 20  # files that were not taken in, each in a line; further ones are counted
DONE = b""  # stands in for a file that was looked at before, so that the others keep their numbers


def draw(reader: str) -> None:
    """Draw the choice of files, the button that takes them in, and what became of them.

    Args:
        reader: Who takes them in.
    """
    files = _choose()
    if TAKING.get() and not files:  # the page was left meanwhile, and the files with it
        TAKING.set(False)
    left = [file for file in files if file.file_id not in RECEIPTS.get()]
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f"Take in {intake_words.files(len(left))}" if left else "Take in"
        st.button(
            label,
            type="primary",
            key="intake.take",
            disabled=not left or TAKING.get(),
            on_click=TAKING.set,
            args=(True,),
        )
        if TAKING.get():
            st.button("Stop", key="intake.stop", on_click=TAKING.set, args=(False,))
        elif files:
            st.button("Put these files away", key="intake.away", type="tertiary", on_click=put_away)
    if TAKING.get():
        _take_in(files, reader)
    if REFUSED.get() is not None:
        st.error(plain(REFUSED.get()))
    _draw_receipts(files, reader)


def _choose() -> list[UploadedFile]:
    """Draw the choice of files or of a folder, and return the files that this session holds."""
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.segmented_control(
            "What to take in",
            [FILES, FOLDER],
            default=FILES,
            required=True,
            key="intake.kind",
            label_visibility="collapsed",
            disabled=TAKING.get(),
            persist_state="session",
        )
    found = st.file_uploader(
        "Films: PNG, JPEG or DICOM" if kind == FILES else "A folder of films: PNG, JPEG or DICOM",
        accept_multiple_files="directory" if kind == FOLDER else True,
        max_upload_size=intake_words.MEGABYTES,
        key=f"intake.files.{kind}.{ROUND.get()}",
        disabled=TAKING.get(),
        help=intake_words.LIMITS,
    )
    return list(found or [])


def _take_in(files: Sequence[UploadedFile], reader: str) -> None:
    """Take in the files that were not looked at yet, then draw the page anew; a click meanwhile stops between two."""
    before = frozenset(RECEIPTS.get())
    total = sum(file.file_id not in before for file in files)
    REFUSED.set(None)
    bar = st.progress(0.0, text=f"Reading file 1 of {total:,}…")
    done = 0
    try:
        for file, received in zip(
            files, intake.receive(resources.workspace(), _contents(files, before), by=reader), strict=True
        ):
            if file.file_id in before:
                continue
            RECEIPTS.set(RECEIPTS.get() | {file.file_id: received})
            done += 1
            bar.progress(done / total, text=f"{done:,} of {intake_words.files(total)} read")
    except InputError as error:
        REFUSED.set(str(error))
    except Exception:
        TAKING.set(False)  # else every later run would try again, and no button could end it
        raise
    TAKING.set(False)
    st.rerun()


def _contents(files: Sequence[UploadedFile], before: frozenset[str]) -> Iterator[bytes]:
    for file in files:
        yield DONE if file.file_id in before else file.getvalue()


def _draw_receipts(files: Sequence[UploadedFile], reader: str) -> None:
    """Draw what became of the files that this session still holds."""
    receipts = RECEIPTS.get()
    known = [(number, file, receipts[file.file_id]) for number, file in enumerate(files, 1) if file.file_id in receipts]
    if not known:
        return
    st.markdown(intake_words.outcome([one for _, _, one in known], len(files) - len(known)))
    left_out = [entry for entry in known if entry[2].image_id is None]
    for number, file, one in left_out[:SHOWN]:
        _draw_left_out(number, file, one, files, reader)
    if len(left_out) > SHOWN:
        st.caption(f"And {intake_words.files(len(left_out) - SHOWN)} more that were not taken in.")
    if left_out:
        st.caption(f"Files are counted in the order in which they stand above. {intake_words.cannot_tell()}")


def _draw_left_out(number: int, file: UploadedFile, one: Received, files: Sequence[UploadedFile], reader: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if one.refused is not None:
            st.error(plain(one.refused), icon=":material/block:")
            return
        st.warning(intake_words.doubt(number, one.not_frontal), icon=":material/help:")
        st.button(
            "Take it in anyway",
            key=f"intake.anyway.{file.file_id}",
            on_click=partial(_take_anyway, number, file, len(files), reader),
        )


def _take_anyway(number: int, file: UploadedFile, count: int, reader: str) -> None:
    """Take in a file that does not look like a film: the callback of its button."""
    contents = (file.getvalue() if at == number else DONE for at in range(1, count + 1))
    try:
        for received in intake.receive(resources.workspace(), contents, by=reader, anyway=True):
            if received.number == number:
                RECEIPTS.set(RECEIPTS.get() | {file.file_id: received})
                break
    except InputError as error:
        REFUSED.set(str(error))
