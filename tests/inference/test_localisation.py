"""Whether a checkpoint's maps meet known regions: which films count, and the numbers against a slow way."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from core.base import files, progress
from core.base.errors import Cancelled, InputError
from core.data import radiographs, regions, split_store, truth
from core.evaluation import localisation as measures
from core.evaluation import map_measures
from core.inference import explain
from core.inference.localisation import localise
from core.models import cards
from tests.inference import explained
from tests.training import studies

SQUARE = (measures.SIDE, measures.SIDE)


@pytest.fixture
def masks(trio, workspace, tmp_path) -> list[str]:
    """Give every second film of test a mask of its left quarter; return their names."""
    split = split_store.load(workspace, *explained.PLACE)
    names = split.loc[split["part"] == "test", "image_id"].tolist()[::2]
    mask = np.zeros((40, 40), np.uint8)
    mask[:, :10] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    table = radiographs.load(workspace, studies.DATASET)
    table.loc[table["image_id"].isin(names), "mask_path"] = str(tmp_path / "mask.png")
    files.write_parquet(workspace.radiographs(studies.DATASET), table)
    return names


def explained_maps(workspace, name: str, image_id: str) -> list[explain.Explanation]:
    table = radiographs.load(workspace, studies.DATASET).set_index("image_id", drop=False)
    return explain.explanations(workspace, name, table.loc[image_id].to_dict(), target="for")


def test_films_with_a_region_are_measured_as_one_by_one(workspace, trio, masks):
    report = localise(workspace, trio[0], *explained.PLACE, "test")

    table = radiographs.load(workspace, studies.DATASET)
    rows = table[table["image_id"].isin(masks)]
    known = regions.regions(workspace, studies.DATASET, rows, size=224).masks
    met = []
    for image_id in rows["image_id"]:
        (found,) = explained_maps(workspace, trio[0], image_id)
        met.append(measures.meet(map_measures.enlarged(found.heat_map, SQUARE), known[image_id]))
    assert report["counts"]["films"] == len(masks) == len(met)
    assert report["counts"]["negative_by_report"] == int((rows["label"] == 0).sum())
    assert report["regions"] == {"from": {"mask": len(masks)}, "left_out": {}}
    assert (report["grid"], report["target"], report["members"]) == ([7, 7], "for", [])
    assert report["empty_maps"] == sum(one.empty for one in met)
    for name in measures.NAMES:
        assert report["measures"][name]["value"] == pytest.approx(
            np.mean([getattr(one, name) for one in met]), abs=1e-4
        )


def test_of_an_ensemble_each_member_is_measured_and_their_weighted_mean(workspace, trio, masks):
    report = localise(workspace, trio[2], *explained.PLACE, "test")

    alone = [localise(workspace, name, *explained.PLACE, "test") for name in trio[:2]]
    assert [member["checkpoint_id"] for member in report["members"]] == trio[:2]
    assert [member["weight"] for member in report["members"]] == [0.5, 0.5]
    assert [member["measures"] for member in report["members"]] == [one["measures"] for one in alone]
    assert [member["grid"] for member in report["members"]] == [[7, 7], [11, 11]]
    known = regions.regions(workspace, studies.DATASET, radiographs.load(workspace, studies.DATASET), size=224).masks
    values = []
    for image_id in masks:
        maps = [map_measures.enlarged(one.heat_map, SQUARE) for one in explained_maps(workspace, trio[2], image_id)]
        mean = sum(0.5 * one / one.sum() for one in maps if one.any()) + np.zeros((224, 224))
        values.append(measures.meet(mean, known[image_id]).auprc)
    assert report["measures"]["auprc"]["value"] == pytest.approx(np.mean(values), abs=1e-4)
    assert report["grid"] is None


def test_the_report_is_kept_and_names_what_it_speaks_of(workspace, trio, masks):
    report = localise(workspace, trio[0], *explained.PLACE, "test", method="eigen-cam")

    card = cards.read_card(workspace, trio[0])
    place = (*explained.PLACE, "test")
    assert measures.read(workspace, card, *place, method="eigen-cam") == json.loads(json.dumps(report))
    assert measures.read(workspace, card, *place) is None
    assert report["weights_sha256"] == card["weights_sha256"]
    assert report["split_sha256"] == split_store.certificate(workspace, *explained.PLACE)["table_sha256"]
    assert report["kinds"] == {"phantom": len(masks)}
    assert report["method"] == "eigen-cam"
    assert "path" not in json.dumps(report)


def test_boxes_count_where_there_is_no_mask(workspace, trio, masks):
    split = split_store.load(workspace, *explained.PLACE)
    other = split.loc[(split["part"] == "test") & ~split["image_id"].isin(masks), "image_id"].tolist()[0]
    table = truth.load(workspace, studies.DATASET)
    table.loc[table["image_id"] == other, "boxes"] = '[{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}]'
    files.write_parquet(workspace.truth(studies.DATASET), table)

    report = localise(workspace, trio[0], *explained.PLACE, "test")

    assert report["regions"]["from"] == {"boxes": 1, "mask": len(masks)}


@pytest.mark.parametrize("number", [0, 2])
def test_without_a_region_the_measures_are_null_with_the_reason(workspace, trio, number):
    report = localise(workspace, trio[number], *explained.PLACE, "test")

    assert report["counts"]["films"] == 0
    assert report["counts"]["positive_without_region"] > 0
    assert {(one["value"], one["reason"]) for one in report["measures"].values()} == {(None, measures.NO_REGION)}
    assert measures.read(workspace, cards.read_card(workspace, trio[number]), *explained.PLACE, "test") is not None


def test_of_val_only_the_fold_tune_is_looked_at(workspace, trio, tmp_path):
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(tmp_path / "mask.png")
    table = radiographs.load(workspace, studies.DATASET).assign(mask_path=str(tmp_path / "mask.png"))
    files.write_parquet(workspace.radiographs(studies.DATASET), table)

    report = localise(workspace, trio[0], *explained.PLACE, "val")

    split = split_store.load(workspace, *explained.PLACE)
    assert report["counts"]["films"] == int((split["fold"] == "tune").sum()) < int((split["part"] == "val").sum())


def test_masks_that_cannot_be_used_are_counted_by_reason(workspace, trio, masks, tmp_path):
    table = radiographs.load(workspace, studies.DATASET)
    first = table["image_id"] == masks[0]
    files.write_parquet(
        workspace.radiographs(studies.DATASET),
        table.assign(mask_path=table["mask_path"].mask(first, str(tmp_path / "gone.png"))),
    )

    report = localise(workspace, trio[0], *explained.PLACE, "test")

    assert report["regions"] == {"from": {"mask": len(masks) - 1}, "left_out": {"missing": 1}}


def test_a_checkpoint_that_learnt_from_phantoms_refuses_real_films(workspace, trio, masks):
    table = radiographs.load(workspace, studies.DATASET).assign(source="real")
    files.write_parquet(workspace.radiographs(studies.DATASET), table)

    with pytest.raises(InputError, match=r"learnt from \(phantom\), found \d+ real"):
        localise(workspace, trio[0], *explained.PLACE, "test")


def test_a_stop_request_leaves_no_report(workspace, trio, masks, tmp_path, monkeypatch):
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "stop").touch()
    monkeypatch.setenv(progress.JOB_DIR, str(tmp_path / "job"))

    with pytest.raises(Cancelled):
        localise(workspace, trio[0], *explained.PLACE, "test")

    assert measures.read(workspace, cards.read_card(workspace, trio[0]), *explained.PLACE, "test") is None
