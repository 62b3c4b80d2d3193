"""What `triage --figures DIR` writes: figures, pages of cases, and a table without paths and formulas."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.base.spreadsheet import harmless
from core.commands import drawn
from core.figures import exported
from core.models import cards
from core.triage import cases, decision, evidence
from tests.triage import films

FIGURES = [
    "uncertainty-summary",
    "spread-by-correctness",
    "spread-by-label",
    "density",
    "right-calls-by-confidence",
    "reliability",
    "risk-coverage",
    "workload",
]


@pytest.fixture
def asked(monkeypatch):
    """Figures by path and format, kept instead of drawn."""
    kept = {}

    def keep(figures, *, formats=exported.FORMATS):
        names = {path.with_name(f"{path.name}.{kind}"): figure for path, figure in figures.items() for kind in formats}
        kept.update(names)
        return list(names)

    monkeypatch.setattr(exported, "write", keep)
    return kept


@pytest.fixture
def known(study):
    """A real checkpoint's evidence: what tune chose, tune, test, and a policy."""
    card = cards.read_card(study, cards.checkpoint_ids(study)[0])
    tune = evidence.load(study, card, "phantoms", "patient", "val", fold="tune")
    shown = evidence.load(study, card, "phantoms", "patient", "test")
    chosen = decision.choose(tune, draws=0)
    return chosen, tune, shown, decision.by_budget(chosen, shown, share=0.2)


def words(figure):
    return " ".join(str(one.text) for one in figure.layout.annotations)


def test_everything_is_written_with_its_stamp_and_no_path(study, known, asked, tmp_path):
    folder = tmp_path / "figures"

    written = drawn.write(study, *known, folder=folder)

    names = [str(path.relative_to(folder)) for path in written]
    assert names[:16] == [f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")]
    assert [name[:9] for name in names[16:26]] == [f"cases/{number:02d}-" for number in range(1, 11)]
    assert names[26:] == ["uncertainty.csv"]
    for figure in asked.values():
        assert "<b>PHANTOMS</b> · phantoms, " in words(figure)
        assert figure.layout.paper_bgcolor == "#FFFFFF"
        assert str(study.root) not in figure.to_json()
    assert "phantoms, tune (val)" in words(asked[folder / "workload.png"])


def test_a_case_has_its_film_its_reasons_and_its_passes(study, known, asked, tmp_path):
    chosen, _, shown, policy = known

    drawn.write(study, *known, folder=tmp_path / "figures", theme="dark")

    pages = {path: figure for path, figure in asked.items() if path.parent.name == "cases"}
    order = np.argsort(-policy.values(shown), kind="stable")[:10]
    expected = shown.films["image_id"].iloc[order].tolist()
    assert [path.stem[3:] for path in pages] == [name.removesuffix(".png") for name in expected]
    passes = np.load(
        study.predictions(shown.card["checkpoint_id"], "phantoms", "patient", "test").with_suffix(".passes.npy")
    )
    first = next(iter(pages.values()))
    np.testing.assert_array_equal(first.data[0].x, passes[order[0]])
    assert first.layout.images[0].source.startswith("data:image/png;base64,")
    assert "30 passes is known to about 13%" in words(first)
    assert f"cut {policy.cut:.2f}" in words(first)
    assert chosen.signal == policy.signal


def test_a_film_that_is_another_now_is_not_shown(study, known, asked, tmp_path):
    chosen, tune, shown, policy = known
    other = type(shown)(**(shown.__dict__ | {"films": shown.films.assign(sha256="0" * 64)}))

    drawn.write(study, chosen, tune, other, policy, folder=tmp_path / "figures")

    pages = [figure for path, figure in asked.items() if path.parent.name == "cases"]
    assert all("No image file" in words(figure) for figure in pages)


def test_of_val_only_the_fold_tune_is_drawn(study, known, asked, tmp_path):
    chosen, tune, shown, policy = known
    val = evidence.load(study, shown.card, "phantoms", "patient", "val")

    drawn.write(study, chosen, tune, val, policy, folder=tmp_path / "figures")

    table = pd.read_csv(tmp_path / "figures" / drawn.TABLE)
    assert set(table["image_id"]) == set(tune.films["image_id"])
    assert all("tune (val)" in words(figure) for figure in asked.values())


def test_an_ensemble_shows_its_members(asked, tmp_path, workspace):
    members = [{"title": f"CNN {n}", "checkpoint_id": f"cnn-made-2026010{n}-0000000{n}", "weight": 0.5} for n in (1, 2)]
    about = {"card": films.CARD | {"members": members}, "member_probabilities": [[0.1, 0.6]] * 240}
    tune = films.made(**about).fold("tune")
    shown = films.made(seed=1, part="test", **about)
    chosen = decision.choose(tune, draws=0)
    policy = decision.by_budget(chosen, shown, share=0.1)

    drawn.write(workspace, chosen, tune, shown, policy, folder=tmp_path / "figures")

    page = next(figure for path, figure in asked.items() if path.parent.name == "cases")
    assert "CNN 1 (00000001), weight 0.50: <b>0.10</b>" in words(page)


def test_the_table_says_of_each_film_what_was_called_and_whether_it_was_right():
    shown = films.made(40, part="test")
    shown = type(shown)(
        **(shown.__dict__ | {"films": shown.films.assign(label=shown.films["label"].mask(shown.films.index == 3))})
    )
    policy = decision.by_budget(decision.choose(films.made(100).fold("tune"), draws=0), shown, share=0.2)
    table = cases.cases(shown, policy)

    rows = list(csv.DictReader(io.StringIO(drawn.csv(shown, table))))

    assert list(rows[0]) == [
        *("image_id", "label", "mean", "std", "entropy", "mutual_information"),
        *("probability", "call", "correct", "zone"),
    ]
    zones = table.set_index("image_id")["zone"]
    for row, film in zip(rows, shown.films.to_dict("records"), strict=True):
        assert row["image_id"] == film["image_id"]
        assert float(row["probability"]) == film["probability"]
        assert row["call"] == str(int(film["probability"] >= shown.cut))
        known = not pd.isna(film["label"])
        assert row["correct"] == (str(int(int(row["call"]) == film["label"])) if known else "")
        assert row["zone"] == zones[film["image_id"]]
    assert rows[3]["label"] == ""


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_that_a_spreadsheet_would_run_is_defused(name):
    shown = films.made(2, part="test")
    shown.films["image_id"] = [name, 'a,"b".png']
    table = shown.films.assign(zone="unsure")

    cells = {row["image_id"] for row in csv.DictReader(io.StringIO(drawn.csv(shown, table), newline=""))}

    assert cells == {harmless(name), 'a,"b".png'}
    assert harmless(name).startswith("'")


def test_names_of_files_hold_nothing_of_an_id_that_could_lead_elsewhere():
    assert drawn._plain("../../etc/passwd.png") == "_etc_passwd"
    assert drawn._plain("00000012_000.png") == "00000012_000"


def test_a_file_in_the_place_of_the_folder_is_refused(study, known, asked, tmp_path):
    files.write_text(tmp_path / "figures", "mine")

    with pytest.raises(InputError, match="Expected a folder for the figures, found a file named 'figures'") as caught:
        drawn.write(study, *known, folder=tmp_path / "figures")

    assert caught.value.field == "figures"
    assert not asked
