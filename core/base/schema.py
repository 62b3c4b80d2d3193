"""The columns of every table, in their order, and the check that each writer passes through.

Other tools read these tables: columns may be added after the named ones, never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

STRING, NUMBER, WHOLE, LIST = "str", "float64", "Int64", "object"  # pandas dtypes; Int64 may hold nulls


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table's name, its columns with their dtypes, and those that are never null."""

    name: str
    columns: dict[str, str]
    required: tuple[str, ...]


RADIOGRAPHS = Table(
    name="radiographs",
    columns={
        "image_id": STRING,
        "patient_id": STRING,
        "path": STRING,
        "label": WHOLE,  # 1 pneumothorax, 0 none, null unknown
        "findings": STRING,  # "A|B"
        "view": STRING,
        "sex": STRING,
        "age_years": NUMBER,
        "follow_up": WHOLE,
        "width": WHOLE,  # pixels
        "height": WHOLE,  # pixels
        "sha256": STRING,  # of the decoded pixels, before any resize
        "source": STRING,  # real | phantom | synthetic
        "parent_image_id": STRING,
        "mask_path": STRING,
        "pixel_spacing_mm": NUMBER,  # of the original image
    },
    required=("image_id", "patient_id", "source"),
)

TRUTH = Table(
    name="truth",
    columns={
        "image_id": STRING,
        "truth": STRING,  # name of the source of labels
        "label": WHOLE,
        "side": STRING,  # left | right | both
        "size_share": NUMBER,  # of the hemithorax, 0 to 1
        "drain": WHOLE,
        "quality_grade": NUMBER,  # 0 to 1, 1 faultless
        "quality_reasons": STRING,
        "boxes": STRING,  # JSON
        "read_at": STRING,  # ISO 8601
    },
    required=("image_id", "truth"),
)

SPLIT = Table(
    name="split",
    columns={
        "image_id": STRING,
        "patient_id": STRING,
        "part": STRING,  # train | val | test
        "label": WHOLE,
        "fold": STRING,  # tune | certify for val, else null
    },
    required=("image_id", "patient_id", "part"),
)

PREDICTIONS = Table(
    name="predictions",
    columns={
        "image_id": STRING,
        "patient_id": STRING,
        "label": WHOLE,
        "logit": NUMBER,
        "probability": NUMBER,  # calibrated
        "probability_mean": NUMBER,
        "probability_std": NUMBER,
        "predictive_entropy": NUMBER,  # nats
        "mutual_information": NUMBER,  # nats
    },
    required=("image_id", "patient_id", "logit", "probability"),
)

SIGNALS = Table(
    name="signals",
    columns={
        "image_id": STRING,
        "feature_distance": NUMBER,  # to the training films; 1 is the usual one among themselves
        "cam_lung_share": NUMBER,  # of the heat map inside the lung field, 0 to 1
        "cam_agreement": NUMBER,  # of heat maps by several methods, -1 to 1
        "member_probabilities": LIST,  # of an ensemble's members, calibrated, in the order of its card
        "quality_grade": NUMBER,  # 0 to 1, 1 faultless; so are its parts
        "exposure": NUMBER,
        "contrast": NUMBER,
        "sharpness": NUMBER,
        "noise": NUMBER,
        "rotation_cropping": NUMBER,
        "neighbour_ids": LIST,  # of the nearest labelled training films, nearest first
        "quality_from": STRING,  # told by the classifier | measured on the pixels
        "lung_from": STRING,  # truth | measured: where the lung field comes from
        "lung_area": NUMBER,  # share of the film that it takes, 0 to 1
        "augmentation_probabilities": LIST,  # calibrated, one a fixed small change of the film
        "augmentation_std": NUMBER,
        "drain": WHOLE,  # 1 if a source of labels records one, 0 if one records none
        "drain_masked_probability": NUMBER,  # calibrated, the drain painted over; null where no mask says where it lies
        "drain_control_probability": NUMBER,  # the same painted over beside the drain: what painting alone does
    },
    required=("image_id",),
)

PASSPORTS = Table(
    name="passports",
    columns={
        "image_id": STRING,
        "parent_image_id": STRING,
        "patient_id": STRING,  # the parent's
        "part": STRING,  # the parent's, of the split that was translated
        "direction": STRING,  # a-to-b | b-to-a
        "generator_id": STRING,  # checkpoint
        "generator_sha256": STRING,  # of its weights
        "patients_sha256": STRING,  # fingerprint of the patients the generator saw
        "cycle_error": NUMBER,  # mean |there and back - parent|, share of the grey range, 0 to 1
        "identity_error": NUMBER,  # mean |the other generator of the parent - parent|, 0 to 1
        "change": NUMBER,  # mean |translation - parent|, 0 to 1
        "classifier_id": STRING,  # whose probabilities these are; null: none fits, see the set's card
        "probability_parent": NUMBER,  # calibrated, of a pneumothorax
        "probability_synthetic": NUMBER,
        "probability_reconstruction": NUMBER,  # of the parent there and back
        "probability_shift": NUMBER,  # synthetic - parent
        "lung_from": STRING,  # truth | measured: where the parent's lung field comes from
        "change_in_lung": NUMBER,  # share of the change inside the lung field, 0 to 1
        "reconstruction_in_lung": NUMBER,  # the same of what there and back changed
        "region_from": STRING,  # mask | boxes of the parent, or rim: the outer band of its lung field
        "change_in_region": NUMBER,  # share of the change inside the region, 0 to 1
        "reconstruction_in_region": NUMBER,
        "origin_id": STRING,  # the real-vs-synthetic checkpoint of `real_probability`; null until `realism` ran
        "real_probability": NUMBER,  # that the image is a film
        "nearest_image_id": STRING,  # the training film of the wanted domain that looks most like it
        "nearest_distance": NUMBER,  # root mean square difference to it at 32 px, share of the grey range
        "parent_distance": NUMBER,  # the same to the parent
    },
    required=("image_id", "parent_image_id", "patient_id", "part", "direction", "generator_id"),
)


def checked(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return `frame` with the table's columns first, each in its dtype, extra columns after them.

    Named columns that are absent are filled with nulls.

    Raises:
        ValueError: If a required value is null or an `image_id` stands twice (in `truth`: twice
            for one source).
    """
    import pandas as pd

    frame = frame.reset_index(drop=True)
    columns = {
        name: (frame[name] if name in frame else pd.Series([None] * len(frame), dtype=object)).astype(dtype)
        for name, dtype in table.columns.items()
    }
    extra = {name: frame[name] for name in frame if name not in table.columns}
    ordered = pd.DataFrame(columns | extra)
    for name in table.required:
        nulls = int(ordered[name].isna().sum())
        if nulls:
            msg = f"Expected {table.name}.{name} to be filled in every row, found {nulls} empty of {len(ordered)}"
            raise ValueError(msg)
    key = ["image_id", "truth"] if table is TRUTH else ["image_id"]
    twice = ordered.loc[ordered.duplicated(key), "image_id"]
    if len(twice):
        msg = f"Expected each image once in {table.name}, found {twice.iloc[0]!r} more than once"
        raise ValueError(msg)
    return ordered
