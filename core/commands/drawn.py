"""What `triage --figures DIR` writes: figures of signals and zones, pages of the most uncertain cases, and a table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.base import files
from core.base.errors import InputError
from core.base.spreadsheet import csv_text
from core.data import pixels, thumbnails
from core.evaluation import first_cases, uncertainty
from core.figures import composed, exported, heat_map
from core.figures import uncertainty as figures
from core.triage import cases, one_case, pictures, reasons

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go

    from core.base.paths import Workspace
    from core.figures.palette import Theme
    from core.triage.decision import Chosen, Policy
    from core.triage.evidence import Evidence

TABLE = "uncertainty.csv"
CASES = "cases"  # folder of the pages of single cases
MOST_UNCERTAIN = 10  # cases with a page of their own
FILM = 768  # pixels


def write(
    workspace: Workspace,
    chosen: Chosen,
    tune: Evidence,
    shown: Evidence,
    policy: Policy,
    *,
    folder: Path,
    theme: Theme = "light",
) -> list[Path]:
    """Write figures, pages of cases and a table of a part into a folder, and return the files.

    Figures are PNG and SVG, pages of cases PNG; each carries the data set, part, counts and
    version, and says where its films are phantoms. Nothing written holds a path, and the table no
    name that a spreadsheet would run as a formula.

    Args:
        workspace: Where the predictions lie.
        chosen: What tune chose.
        tune: Its films, on which the workload is drawn.
        shown: The films of the part; of val only the fold tune is drawn.
        policy: By which they stand in zones.
        folder: Made if it is not there; files of the same names are replaced.
        theme: Of the figures.

    Raises:
        InputError: If the folder is a file, or there is no Chromium to draw with.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"Expected a folder for the figures, found a file named {folder.name!r}; name another."
        raise InputError(msg, field="figures")
    seen = tune if shown.part == "val" else shown  # the other fold of val is kept for the limit on missed cases
    table = cases.cases(seen, policy)
    drawn = {folder / name: figure for name, figure in _figures(chosen, tune, seen, policy, theme=theme).items()}
    predictions = workspace.predictions(seen.card["checkpoint_id"], seen.dataset, seen.split, seen.part)
    ensemble = "members" in seen.card  # it has members in the place of passes
    order = [] if ensemble else files.read_parquet(predictions)["image_id"]
    pages = {
        folder / CASES / f"{number:02d}-{_plain(case['image_id'])}": _page(
            seen, case, policy, passes=one_case.passes(predictions, order, case["image_id"]), theme=theme
        )
        for number, case in enumerate(most_uncertain(seen, policy, table), start=1)
    }
    written = exported.write(drawn) + exported.write(pages, formats=("png",))
    files.write_text(folder / TABLE, csv(seen, table))
    return [*written, folder / TABLE]


def csv(shown: Evidence, table: pd.DataFrame) -> str:
    """Return the films as a table of text, in the order of their ids.

    Args:
        shown: The films.
        table: What `core.triage.cases.cases` gave for them.
    """
    films = table.sort_values("image_id", kind="stable")
    call = (films["probability"] >= shown.cut).astype("Int64")
    label = films["label"].astype("Int64")
    rows = pd.DataFrame(
        {
            "image_id": films["image_id"],
            "label": label,
            "mean": films["probability_mean"],
            "std": films["probability_std"],
            "entropy": films["predictive_entropy"],
            "mutual_information": films["mutual_information"],
            "probability": films["probability"],
            "call": call,
            "correct": (call == label).astype("Int64"),
            "zone": films["zone"],
        }
    )
    return csv_text(rows)


def most_uncertain(shown: Evidence, policy: Policy, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the cases with the highest values of the signal that orders the unsure, the highest first.

    Args:
        shown: The films.
        policy: It names the signal.
        table: What `core.triage.cases.cases` gave for them.
    """
    values = pd.Series(policy.values(shown), index=shown.films["image_id"]).dropna()
    order = values.sort_values(ascending=False, kind="stable").index[:MOST_UNCERTAIN]
    rows: list[dict[str, Any]] = table.set_index("image_id", drop=False).loc[order].to_dict("records")
    return rows


def _figures(chosen: Chosen, tune: Evidence, shown: Evidence, policy: Policy, *, theme: Theme) -> dict[str, go.Figure]:
    """Return the figures by the name of their file."""
    stamp = pictures.stamp(shown)
    look: dict[str, Any] = {"caption": stamp, "theme": theme}
    four = [
        make(shown) for make in (pictures.by_correctness, pictures.by_label, pictures.density, pictures.right_calls)
    ]
    curve = pictures.workload_curve(chosen, tune)
    return {
        "uncertainty-summary": composed.four(four, title="What the model is unsure of", **look),
        "spread-by-correctness": pictures.by_correctness(shown, **look),
        "spread-by-label": pictures.by_label(shown, **look),
        "density": pictures.density(shown, **look),
        "right-calls-by-confidence": pictures.right_calls(shown, **look),
        "reliability": figures.reliability(*pictures.reliabilities(shown), **look),
        "risk-coverage": pictures.risk_coverage(chosen, shown, **look),
        "workload": pictures.workload(curve, at=policy.threshold, caption=pictures.stamp(tune), theme=theme),
    }


def _page(
    shown: Evidence, case: dict[str, Any], policy: Policy, *, passes: np.ndarray | None, theme: Theme
) -> go.Figure:
    """Return the page of one case."""
    probability = first_cases.two_digits(case["probability"], cut=policy.cut)
    label = "unknown" if pd.isna(case["label"]) else "with the finding" if case["label"] == 1 else "without"
    spread, known = _spread(shown, case, passes, policy.cut)
    return composed.case(
        _film(case),
        title=f"Case {case['image_id']}",
        sentences=[
            f"{str(case['zone']).capitalize()}: probability {probability}, cut {policy.cut:.2f}.",
            f"Label ({shown.truth}): {label}.",
            "",
            *(reason.sentence for reason in reasons.of(case, policy)),
            *known,
        ],
        spread=spread,
        caption=pictures.stamp(shown),
        theme=theme,
    )


def _spread(
    shown: Evidence, case: dict[str, Any], passes: np.ndarray | None, cut: float
) -> tuple[go.Figure | None, list[str]]:
    """Return the passes or the members of a case as a figure, and how well the spread is known."""
    members = one_case.members(shown.card, case)
    if members:
        return figures.members(members, cut=cut), []
    if passes is None:
        return None, ["Predicted without passes, so there is no spread over them."]
    error = uncertainty.error_of_std(len(passes))
    return figures.passes(passes, cut=cut), [f"The spread of {len(passes)} passes is known to about {error:.0%}."]


def _film(case: dict[str, Any]) -> bytes | None:
    if pd.isna(case["path"]):
        return None
    try:
        film = pixels.read_indexed(Path(case["path"]), case["sha256"])
    except pixels.UnreadableImage:
        return None
    return heat_map.film_png(film, mark=thumbnails.MARKS.get(case["source"]), size=FILM)


def _plain(image_id: str) -> str:
    """Return an image's id as the name of a file, without an ending."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", image_id.rsplit(".", 1)[0])[:80]
