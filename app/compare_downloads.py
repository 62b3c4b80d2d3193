"""What the compare page gives away: the numbers, the report as one page, and the command that makes all of it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import compare
from app.compare_details import Shown
from core.base.spreadsheet import csv_text
from core.evaluation.comparison import Difference
from core.evaluation.report import EvaluationReport

FIGURES, PAGE = "figures", "report.html"


def draw(shown: Shown, paired: Sequence[Difference]) -> None:
    """Draw the one menu of downloads."""
    reports = [one.report for one in shown.measured]
    name = "-".join(shown.question[part] for part in ("dataset", "split", "part"))
    with st.popover("Download", icon=":material/download:", key="compare.download"):
        st.download_button(
            "Measures (CSV)",
            csv_text(measures(reports, shown.names)),
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


def measures(reports: Sequence[EvaluationReport], names: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a model and measure, with numbers to compute with, and what they were measured on.

    Args:
        reports: Of models on one part.
        names: What the page calls them, by id.
    """
    rows = []
    for report in reports:
        counts, cut = report.counts, report.threshold
        place = {name: getattr(report, name) for name in ("dataset", "split", "part", "truth", "negatives")}
        films = {"films": counts.films, "patients": counts.patients, "positive_films": counts.positive_films}
        for name, measure in report.metrics.items():
            row: dict[str, Any] = {
                "model": names[report.checkpoint_id],
                "checkpoint_id": report.checkpoint_id,
                "measure": name,
            }
            row |= {"value": measure.value, "low": measure.low, "high": measure.high, "reason": measure.reason}
            row |= {"threshold": None if cut is None else cut.value, **place, **films}
            rows.append(row | {"kinds": "|".join(report.kinds), "version": report.versions.get("pleurascope", "")})
    return pd.DataFrame(rows)


def command(shown: Shown) -> str:
    """Return the command that measures again what the page shows, and writes its figures and a report."""
    names = [one.report.checkpoint_id for one in shown.measured]
    place = compare.place_words(shown.question)
    made = ["--figures", FIGURES, "--html", PAGE]
    verb = "evaluate" if len(names) == 1 else "compare"
    return shlex.join(["python", "-m", "core", verb, *names, *place, *made])
