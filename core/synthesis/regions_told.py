"""Whether translations change a film more inside a region than there and back does, from the passports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.evaluation import by_patient, measures
from core.evaluation.realism_report import Region
from core.synthesis import regions_changed

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace

LUNG = "lung"
LACKING = "no image of which the region is known"


def regions(
    workspace: Workspace, dataset: str, rows: pd.DataFrame, films: np.ndarray, passports: pd.DataFrame
) -> list[Region]:
    """Return the regions that are known of some image: the lung field, then masks, boxes and the rim by name.

    Args:
        workspace: Where the parents' masks and boxes are.
        dataset: Their data set.
        rows: The parents' rows of the radiographs table, `(N,)`.
        films: Their pixels `(N, S, S)` uint8.
        passports: Of the images, row by row.
    """
    even = np.ones_like(films)  # what changes all places alike changes a region by its area
    areas = regions_changed.measured(workspace, dataset, rows, films=films, changes={"even": even})
    known = passports.assign(lung_area=areas["even_in_lung"], region_area=areas["even_in_region"])
    found = [_region(LUNG, "lung", known[known["lung_from"].notna()])]
    for name in sorted(known["region_from"].dropna().unique()):
        found.append(_region(name, "region", known[(known["region_from"] == name).fillna(False)]))
    return [region for region in found if region.images]


def _region(name: str, column: str, told: pd.DataFrame) -> Region:
    change, back = f"change_in_{column}", f"reconstruction_in_{column}"
    told = told.dropna(subset=[change, back])
    patients, area = told["patient_id"].to_numpy(object), told[f"{column}_area"].dropna()
    return Region(
        name=name,
        images=len(told),
        more=measures.share((told[change] > told[back]).to_numpy(), patients, LACKING),
        inside=by_patient.mean(told[change].to_numpy(float), patients, lacking=LACKING),
        area=float(area.mean()) if len(area) else None,
    )
