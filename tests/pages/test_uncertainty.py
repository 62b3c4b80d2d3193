"""The page Uncertainty, driven as a researcher would."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.base.paths import ROOT
from core.models import cards


@pytest.fixture
def page(study) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.run()
    return at


def opened(at: AppTest, **query) -> AppTest:
    for name, value in query.items():
        at.query_params[name] = value
    return at.switch_page(str(ROOT / "pages" / "uncertainty.py")).run()


def test_the_bench_stands_on_top_with_its_verdict_and_what_is_missing(page):
    at = opened(page)

    assert not at.exception
    table = at.dataframe[0].value
    assert "Near the cut" in " ".join(table["Signal"])
    assert table.loc[table["Signal"] == "Members disagree"].iloc[0, 1] == "missing: one classifier has no members"
    assert "wrong calls" in at.subheader[0].value.lower()


def test_every_chart_is_drawn_or_says_why_not(page):
    at = opened(page)

    for view in ("Reliability", "Wrong calls kept", "Spread"):
        at.segmented_control(key="uncertainty.view").set_value(view).run()
        assert not at.exception


def test_a_link_opens_its_case_with_reasons_and_signals(page, study):
    checkpoint = cards.checkpoint_ids(study)[0]
    films = pd.read_parquet(study.predictions(checkpoint, "phantoms", "patient", "test"))
    image_id = films["image_id"].iloc[3]

    at = opened(page, case=image_id, checkpoint=checkpoint, part="test")

    assert not at.exception
    assert f"Case {image_id}" in [one.value for one in at.subheader]
    shown = " ".join(one.value for one in at.markdown)
    assert "(cut " in shown
    assert str(study.root) not in shown


def test_missing_predictions_are_one_sentence_with_the_command(page, study):
    checkpoint = cards.checkpoint_ids(study)[0]
    study.predictions(checkpoint, "phantoms", "patient", "val").unlink()

    at = opened(page)

    assert not at.exception
    assert f"run `python -m core predict {checkpoint}" in at.warning[0].value


def test_an_unknown_case_is_said(page):
    at = opened(page, case="nobody.png")

    assert not at.exception
    assert "not among those shown" in at.warning[0].value
