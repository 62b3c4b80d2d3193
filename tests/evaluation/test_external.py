"""A table made elsewhere: read with every fault said, taken in for the parts it covers, and read back."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base import files, roles, schema
from core.base.errors import InputError
from core.evaluation import external, external_table
from core.evaluation.evaluate import evaluate
from core.evaluation.operating_point import choose

PARTS = {"train": 8, "tune": 6, "certify": 6, "test": 10}


@pytest.fixture
def films(workspace):
    """A data set of thirty films with labels, and a split of it."""
    count = sum(PARTS.values())
    ids = [f"{number:03d}.png" for number in range(count)]
    named = {"image_id": ids, "patient_id": [f"p{number // 2}" for number in range(count)], "label": [1, 0] * 15}
    radiographs = pd.DataFrame(named | {"source": "phantom", "path": str(workspace.root), "findings": "No Finding"})
    files.write_parquet(workspace.radiographs("made"), schema.checked(radiographs, schema.RADIOGRAPHS))
    write_split(workspace, [name for name, size in PARTS.items() for _ in range(size)])
    return workspace


def write_split(workspace, groups) -> None:
    films = pd.read_parquet(workspace.radiographs("made"))
    folds = [name if name in ("tune", "certify") else None for name in groups]
    part = ["val" if fold else name for name, fold in zip(groups, folds, strict=True)]
    split = films[["image_id", "patient_id", "label"]].assign(part=part, fold=folds)
    files.write_parquet(workspace.split("made", "patient"), schema.checked(split, schema.SPLIT))
    files.write_json(workspace.split("made", "patient").with_suffix(".json"), {"kind": "patient"})


def given_table(workspace, *names: str) -> pd.DataFrame:
    """What a table of the films of some parts or folds reads as."""
    split = pd.read_parquet(workspace.split("made", "patient"))
    own = split[split["part"].isin(names) | split["fold"].isin(names)].reset_index(drop=True)
    share = np.random.default_rng(0).random(len(own)).round(3)
    return pd.DataFrame({"image_id": own["image_id"], "label": own["label"], "probability": share})


def csv(*lines: str) -> bytes:
    return "\n".join(["image_id,label,probability", *lines]).encode()


def taken(workspace, table, name="theirs") -> list[str]:
    return external.take_in(workspace, table, name=name, dataset="made", split="patient", by="Ada")


# Reading


@pytest.mark.parametrize("form", ["csv", "gzip", "mark", "file", "parquet", "order"])
def test_a_table_is_read_in_every_form(form, tmp_path):
    text = csv("007,1,0.25", "'=1+1,0,1e-3", 'b,,"0.5"')
    if form == "gzip":
        text = gzip.compress(text)
    if form == "mark":
        text = b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n") + b"\r\n\r\n"
    if form == "order":
        text = b" Probability ,reader,IMAGE_ID,Label\n0.25,x,007,1\n0.001,=cmd(),'=1+1,0.0\n0.5,y,b,nan\n"
    if form == "parquet":
        content = io.BytesIO()
        table = {"image_id": ["007", "'=1+1", "b"], "label": [1, 0, None], "probability": [0.25, 0.001, 0.5]}
        pd.DataFrame(table | {"further": [[1], [2], [3]]}).to_parquet(content)
        text = content.getvalue()
    source = text
    if form == "file":
        source = tmp_path / "table.csv"
        source.write_bytes(text)

    found = external.read(source, "table.csv")

    assert found["image_id"].tolist() == ["007", "'=1+1", "b"]
    assert found["label"].astype(object).where(found["label"].notna(), None).tolist() == [1, 0, None]
    assert found["probability"].tolist() == [0.25, 0.001, 0.5]
    assert list(found) == ["image_id", "label", "probability"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.booleans())
def test_probabilities_come_back_as_they_were_written(shares, as_parquet):
    table = pd.DataFrame({"image_id": [f"i{n}" for n in range(len(shares))], "label": 1, "probability": shares})
    content = io.BytesIO()
    if as_parquet:
        table.to_parquet(content, index=False)
    else:
        table.to_csv(content, index=False)

    pd.testing.assert_series_equal(external.read(content.getvalue(), "t")["probability"], table["probability"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Expected the columns image_id, label, probability, each once, found '' in table.csv"),
        (b"image_id;label;probability\na;1;0.5", "and separate columns by commas"),
        (b"image_id,label\na,1", "found 'image_id, label' in table.csv; rename them"),
        (b"image_id,label,label,probability\na,1,1,1", "each once, found 'image_id, label, label, probability'"),
        (b"image_id,label,probability\n", "Expected a row a film, found none in table.csv"),
        (csv("a,1,0.5", "b,1"), "Expected 3 cells in each row, found another number in row 3 of table.csv"),
        (csv("a,1,0.5", ",1,0.5"), "Expected an image_id in each row, found none in row 3 of table.csv"),
        (csv("a,1,0.5", "b,1,1", "a,0,0"), "Expected each image_id once, found 'a' in rows 2, 4 of table.csv; correct"),
        (csv("a,yes,0.5"), "Expected labels of 0 or 1, or empty where unknown, found 'yes' in row 2"),
        (csv("a,1,0.5", "b,2,0.5"), "found '2' in row 3"),
        (csv("a,-1,0.5"), "found '-1' in row 2"),
        (csv("a,0.5,0.5"), "found '0.5' in row 2"),
        (csv("a,1,87"), "Expected probabilities from 0 to 1, found '87' in row 2"),
        (csv("a,1,-0.01"), "found '-0.01' in row 2"),
        (csv("a,1,nan"), "found 'nan' in row 2"),
        (csv("a,1,inf"), "found 'inf' in row 2"),
        (csv("a,1,"), "Expected probabilities from 0 to 1, found '' in row 2"),
        (csv("a,1,=1/2"), "found '=1/2' in row 2"),
        (csv(*(f"{n},1,2" for n in range(9))), "found '2' in rows 2, 3, 4 and 6 more of table.csv; correct the table"),
        (csv('"a,1,0.5'), "found unexpected end of data in table.csv; save it again"),
        ("image_id,label,probability\nnaïve,1,0.5".encode("latin-1"), "found bytes that are no text in table.csv"),
        (gzip.compress(csv("a,1,0.5"), mtime=0)[:-9], "found an incomplete file in table.csv"),
        (b"\x1f\x8bxxxxxxxxxxxxxxxxxxx", "Expected a CSV file in UTF-8, plain or gzip, or parquet, found Error"),
        (b"PAR1 and nothing else PAR1", "Expected a parquet file, found a damaged one"),
    ],
)
def test_every_fault_is_one_sentence(content, sentence):
    with pytest.raises(InputError) as told:
        external.read(content, "/home/somebody/table.csv")

    assert sentence in str(told.value)
    assert "\n" not in str(told.value)
    assert "somebody" not in str(told.value)


def test_faults_of_parquet_files_are_said():
    def written(**columns) -> bytes:
        content = io.BytesIO()
        pd.DataFrame({"image_id": ["a"], "label": [1], "probability": [0.5]} | columns).to_parquet(content)
        return content.getvalue()

    assert external.read(written(image_id=[7]), "t")["image_id"].tolist() == ["7"]
    with pytest.raises(InputError, match="Expected image_id as text in t, found numbers with a decimal point"):
        external.read(written(image_id=[7.0]), "t")
    with pytest.raises(InputError, match="Expected probabilities from 0 to 1, found 'inf' in row 2 of t"):
        external.read(written(probability=[np.inf]), "t")
    with pytest.raises(InputError, match="Expected the columns"):
        external.read(written(PROBABILITY=[0.5]), "t")


def test_huge_tables_are_refused_before_they_are_unpacked(monkeypatch, tmp_path):
    monkeypatch.setattr(external_table, "MOST_BYTES", 2**20)
    monkeypatch.setattr(external_table, "MOST_ROWS", 2)
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * (2**20 + 1))

    for content in (large, large.read_bytes(), gzip.compress(bytes(2**22))):
        with pytest.raises(InputError, match="Expected a table of at most 1 MB, found a larger one: large"):
            external.read(content, "large.csv")
    with pytest.raises(InputError, match="Expected at most 2 rows, found 3 in t"):
        external.read(csv("a,1,1", "b,1,1", "c,1,1"), "t")
    with pytest.raises(InputError, match="Expected a table of predictions, found no file gone"):
        external.read(tmp_path / "gone.csv", "gone.csv")


# Taking in


def test_the_parts_that_are_covered_wholly_are_taken_in(films):
    table = given_table(films, "tune", "test").assign(label=lambda t: t["label"].where(t.index > 0, 1 - t["label"]))
    further = pd.DataFrame({"image_id": ["else.png", "000.png"], "label": [1, 1], "probability": [0.1, 0.2]})

    told = taken(films, pd.concat([table, further.astype({"label": "Int64"})], ignore_index=True))

    assert told == [
        "Taken in as external-theirs: 6 films of val (fold tune), 10 films of test.",
        "Not taken in: train, of whose 8 films 7 lack.",
        "1 of the table's 18 ids are not in the data set.",
        "Its label differs from the report's on 1 of 16 films; the data set's labels count.",
    ]
    assert external.names(films) == ["external-theirs"]
    assert not films.predictions("external-theirs", "made", "patient", "train").exists()


def test_what_was_taken_in_comes_back_with_the_data_sets_labels_and_patients(films):
    table = given_table(films, "val", "test")
    taken(films, table.assign(label=1 - table["label"]))

    found = external.load(films, "external-theirs", "made", "patient", "val")

    own = pd.read_parquet(films.radiographs("made")).merge(table, on="image_id", suffixes=("", "_given"))
    own = own.iloc[: PARTS["tune"]]
    assert list(found) == list(schema.PREDICTIONS.columns)
    assert found["image_id"].tolist() == own["image_id"].tolist()  # of val the fold tune only
    assert found["patient_id"].tolist() == own["patient_id"].tolist()
    assert found["label"].tolist() == own["label"].tolist()
    assert found["probability"].tolist() == own["probability"].tolist()
    np.testing.assert_allclose(1 / (1 + np.exp(-found["logit"])), found["probability"])
    assert str(films.root) not in str(found.to_dict())


def test_it_is_measured_as_any_other(films):
    table = given_table(films, "tune", "test")
    taken(films, table)
    cut = external.threshold(films, "external-theirs", "made", "patient")

    report = evaluate(
        external.load(films, "external-theirs", "made", "patient", "test"),
        radiographs=pd.read_parquet(films.radiographs("made")),
        threshold=cut,
        checkpoint_id="external-theirs",
        dataset="made",
        draws=20,
    )

    tune = table.head(PARTS["tune"])
    assert cut.value == choose(tune["label"].to_numpy(int), tune["probability"].to_numpy()).threshold
    assert (cut.checkpoint_id, cut.fold, cut.films) == ("external-theirs", "tune", 6)
    assert report.counts.films == 10


def test_without_tune_there_is_no_operating_point(films):
    taken(films, given_table(films, "test"))

    assert external.threshold(films, "external-theirs", "made", "patient") is None


def test_certainty_has_a_finite_logit(films):
    table = given_table(films, "test").assign(probability=[0.0, 1.0] * 5)
    taken(films, table)

    found = external.load(films, "external-theirs", "made", "patient", "test")

    assert np.isfinite(found["logit"]).all()
    assert found["probability"].tolist() == [0.0, 1.0] * 5


def test_an_id_written_for_spreadsheets_is_the_films_own(films):
    table = given_table(films, "test")
    table["image_id"] = "'" + table["image_id"]

    assert taken(films, table)[0] == "Taken in as external-theirs: 10 films of test."
    with pytest.raises(InputError, match="with and without an apostrophe before it; keep one"):
        taken(films, pd.concat([table, given_table(films, "test")], ignore_index=True), name="twice")


@pytest.mark.parametrize("count", [0, 9])
def test_no_part_covered_is_refused_with_the_counts(films, count):
    with pytest.raises(InputError) as told:
        taken(films, given_table(films, "test").head(count))

    assert str(told.value).startswith(
        "Expected predictions for every film of a part of made/patient, found that 8 of 8 films of train, "
        f"6 of 6 films of val (fold tune), {10 - count} of 10 films of test lack"
    )
    assert external.names(films) == []


def test_other_predictions_need_another_name_and_change_nothing(films):
    table = given_table(films, "test")
    taken(films, table)
    before = external.load(films, "external-theirs", "made", "patient", "test")

    taken(films, table)  # the same again
    with pytest.raises(InputError, match="found external-theirs, which has some; choose another name") as told:
        taken(films, table.assign(probability=0.5))

    assert told.value.field == "name"
    pd.testing.assert_frame_equal(external.load(films, "external-theirs", "made", "patient", "test"), before)


def test_a_part_that_changed_since_is_refused_until_the_table_is_loaded_again(films):
    taken(films, given_table(films, "test"))
    write_split(films, ["test"] * 10 + ["tune"] * 10 + ["certify"] * 2 + ["train"] * 8)

    with pytest.raises(InputError, match="found those of other films, since the split was made anew; load its table"):
        external.load(films, "external-theirs", "made", "patient", "test")
    taken(films, given_table(films, "test"))

    assert len(external.load(films, "external-theirs", "made", "patient", "test")) == 10


@pytest.mark.parametrize("name", ["", "  ", "a b", "../up", "x" * 75])
def test_bad_names_are_refused(films, name):
    with pytest.raises(InputError, match="Expected a model name of 1 to 80"):
        taken(films, given_table(films, "test"), name=name)


def test_what_is_not_there_is_said(films):
    with pytest.raises(InputError, match="Expected predictions of external-theirs for made/patient, part test"):
        external.load(films, "external-theirs", "made", "patient", "test")
    with pytest.raises(InputError, match="found none named 'elsewhere'"):
        external.take_in(films, given_table(films, "test"), name="x", dataset="elsewhere", split="patient", by="Ada")


def test_only_who_may_see_research_takes_in_a_table(films):
    roles.roles_from(lambda _name: roles.CLINICIAN)
    try:
        with pytest.raises(InputError, match="Expected the right to research, found that Ada lacks it"):
            taken(films, given_table(films, "test"))
    finally:
        roles.roles_from(None)
