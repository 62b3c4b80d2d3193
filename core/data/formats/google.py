"""Google's adjudicated labels of NIH films: a column a finding, YES or NO, after columns of NIH's own table.

The columns Fracture, Pneumothorax, Airspace opacity and Nodule or mass hold what a panel of
radiologists agreed on; Finding Labels is still NIH's text-mined one.

References:
    Majkowska et al., "Chest Radiograph Interpretation with Deep Learning Models: Assessment with
    Radiologist-adjudicated Reference Standards and Population-adjusted Evaluation", Radiology
    294(2), 2020.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from core.data.formats.fields import PNEUMOTHORAX
from core.data.listing import Tally, leave_out_repeats

COLUMN = PNEUMOTHORAX.lower()
ANSWERS = {"yes": 1, "no": 0}


def labels(rows: Sequence[Mapping[str, str]], left_out: Tally) -> pd.DataFrame:
    """Return one row an image with its label, from the column Pneumothorax.

    Args:
        rows: Cells by column in lower case, with `image_id`.
        left_out: Where rows that cannot be used are counted.
    """
    records = []
    for number, row in enumerate(rows):
        label = ANSWERS.get(row[COLUMN].lower())
        if label is None:
            left_out.add("Pneumothorax neither YES nor NO", [row["image_id"]])
        else:
            records.append({"image_id": row["image_id"], "label": label, "row": number})
    table = pd.DataFrame(records, columns=["image_id", "label", "row"])
    return leave_out_repeats(table, left_out).drop(columns="row")
