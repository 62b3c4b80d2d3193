from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.data import filtering
from core.data.split_store import describe
from core.data.splits import PARTS
from core.figures import parts
from tests.splitting import make_split


@pytest.fixture
def films() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = np.tile([1, 0, 0, 0], 50)
    table = pd.DataFrame(
        {
            "image_id": [f"i{row}" for row in range(200)],
            "patient_id": np.repeat([f"p{row}" for row in range(100)], 2),
            "label": pd.array(label, dtype="Int64"),
            "findings": np.where(label == 1, "Pneumothorax|Pleural_Thickening", "No Finding"),
            "view": rng.choice(["PA", "AP"], 200),
            "sex": rng.choice(["M", "F"], 200),
            "age_years": rng.integers(1, 95, 200).astype(float),
        }
    )
    return make_split(table, "patient").merge(table.drop(columns=["patient_id", "label"]), on="image_id")


def ready(films: pd.DataFrame) -> filtering.SplitFilms:
    split = films[["image_id", "patient_id", "part", "label"]]
    known = films.drop(columns=["part", "fold"]).assign(path=None, source="real", follow_up=0)
    return filtering.prepared(known, split)


def test_prevalence_has_a_row_a_part_and_fold_and_none_for_an_empty_part(films):
    films = films[films["part"] != "test"]
    certificate = {"parts": {part: describe(films[films["part"] == part]) for part in PARTS}}

    figure = parts.prevalence(certificate)

    names = [name.split("  ")[0] for name in figure.data[0].y]
    assert names == ["train", "val", "val, certify", "val, tune"]
    assert figure.data[0].x[0] == pytest.approx((films.loc[films["part"] == "train", "label"] == 1).mean())
    assert (figure.data[0].error_x.array > 0).all()


def test_ages_add_up_to_one_in_every_part(films):
    figure = parts.ages(filtering.ages_by_part(ready(films)))

    assert [trace.name for trace in figure.data] == ["train", "val", "test"]
    for trace in figure.data:
        assert trace.y[:-1].sum() == pytest.approx(1)


def test_shares_are_of_the_part(films):
    films.loc[films["part"] == "val", "view"] = None

    figure = parts.shares(filtering.counts_by_part(ready(films), "view"), title="View")

    by_part = {trace.name: dict(zip(trace.customdata, trace.x, strict=True)) for trace in figure.data}
    assert by_part["val"] == {"AP": 0.0, "PA": 0.0, "unknown": 1.0}
    expected = (films.loc[films["part"] == "test", "view"] == "AP").mean()
    assert by_part["test"]["AP"] == pytest.approx(expected)


def test_a_film_counts_for_each_of_its_findings(films):
    found = ready(films)

    figure = parts.findings(filtering.counts_by_part(found, "findings"), filtering.films_by_part(found))

    train = dict(zip(figure.data[0].customdata, figure.data[0].x, strict=True))
    positive = (films.loc[films["part"] == "train", "label"] == 1).mean()
    assert train == pytest.approx(
        {"No Finding": 1 - positive, "Pneumothorax": positive, "Pleural_Thickening": positive}
    )
    assert "Pleural Thickening" in figure.layout.yaxis.ticktext


def test_what_is_not_known_is_said(films):
    unknown = ready(films.assign(age_years=np.nan, findings=None))
    ages = parts.ages(filtering.ages_by_part(unknown))
    findings = parts.findings(filtering.counts_by_part(unknown, "findings"), filtering.films_by_part(unknown))

    assert ages.layout.annotations[0].text == "The ages are not known."
    assert findings.layout.annotations[0].text == "The findings are not known."


def test_ages_are_drawn_as_shares_of_the_films_of_known_age():
    counts = pd.DataFrame({"train": [1, 3], "test": [0, 2]}, index=[0, 10])

    figure = parts.ages(counts)

    assert [trace.name for trace in figure.data] == ["train", "test"]
    assert figure.data[0].x.tolist() == [0, 10, 20]  # the last step ends where its decade does
    assert figure.data[0].y.tolist() == [0.25, 0.75, 0.75]
    assert figure.data[1].y.tolist() == [0, 1, 1]


def test_what_a_table_calls_its_views_and_findings_is_text(films):
    films["view"] = films["view"].replace({"AP": "<a href='https://example.org'>AP</a>"})

    figure = parts.shares(filtering.counts_by_part(ready(films), "view"), title="View")

    for names in (figure.layout.yaxis.ticktext, *(trace.customdata for trace in figure.data)):
        assert not any("<" in name for name in names)
        assert sum("&lt;a href=" in name for name in names) == 1
