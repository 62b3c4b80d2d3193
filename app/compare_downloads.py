"""What the compare page gives away: the numbers, the report as one page, and the command that makes all of it again."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Sequence

import streamlit as st

from app import compare
from app.compare_details import Shown
from core.evaluation import side_by_side
from core.evaluation.comparison import Difference

FIGURES, PAGE = "figures", "report.html"


def draw(shown: Shown, paired: Sequence[Difference]) -> None:
    """Draw the one menu of downloads."""
    reports = [one.report for one in shown.measured]
    name = "-".join(shown.question[part] for part in ("dataset", "split", "part"))
    with st.popover("Download", icon=":material/download:", key="compare.download"):
        table = side_by_side.measures_table(reports).rename(columns=shown.names)
        content = io.StringIO()
        table.to_csv(content, index=False, lineterminator="\r\n")
        st.download_button(
            "Measures (CSV)",
            content.getvalue(),
            file_name=f"{name}.csv",
            mime="text/csv",
            on_click="ignore",
            key="compare.download.csv",
        )
        told = {
            "reports": [report.to_dict() for report in reports],
            "differences": [difference.model_dump(mode="json") for difference in paired],
        }
        st.download_button(
            "All numbers (JSON)",
            json.dumps(told, indent=2, allow_nan=False),
            file_name=f"{name}.json",
            mime="application/json",
            on_click="ignore",
            key="compare.download.json",
        )
        st.caption("Every figure as PNG and SVG, and all of it as one page that opens anywhere:")
        st.code(command(shown), language="bash", wrap_lines=True)


def command(shown: Shown) -> str:
    """Return the command that measures again what the page shows, and writes its figures and a report."""
    names = [one.report.checkpoint_id for one in shown.measured]
    place = compare.place_words(shown.question)
    made = ["--figures", FIGURES, "--html", PAGE]
    verb = "evaluate" if len(names) == 1 else "compare"
    return shlex.join(["python", "-m", "core", verb, *names, *place, *made])
