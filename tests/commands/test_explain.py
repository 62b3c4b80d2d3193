"""`explain` and `localisation` as a person calls them: what is written, and one sentence for each mistake."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.base import files
from core.commands import explain as command
from core.commands import localisation
from core.data import radiographs
from core.figures import heat_map
from core.inference import heat_maps, randomisation
from core.models import cards, checkpoint
from tests.training import studies


def film(workspace) -> dict:
    return radiographs.load(workspace, studies.DATASET).iloc[4].to_dict()


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path, formats=["PNG"]).convert("RGB")).astype(int)


def told(folder: Path) -> dict:
    return json.loads((folder / "explain.json").read_text())


def test_an_indexed_film_is_explained(workspace, trio, done, tmp_path):
    row, out = film(workspace), tmp_path / "deep" / "out"

    summary, made = done("explain", trio[0], row["image_id"], "--out", str(out))

    found = told(out)
    assert made == {
        "checkpoint_id": trio[0],
        "image_id": row["image_id"],
        "verdict": found["verdict"],
        "out": str(out),
    }
    assert sorted(path.name for path in out.iterdir()) == ["explain.json", "film.png", "heatmap.png"]
    assert (found["image_sha256"], found["source"], found["dataset"]) == (row["sha256"], "phantom", studies.DATASET)
    assert found["weights_sha256"] == cards.read_card(workspace, trio[0])["weights_sha256"]
    assert found["verdict"] in summary
    assert all(reason in summary for reason in found["reasons"])
    assert found["maps"][0]["file"] == "heatmap.png"
    assert found["maps"][0]["randomisation"] is not None
    assert str(tmp_path) not in json.dumps(found)
    drawn = heat_map.overlay_png(
        np.asarray(Image.open(row["path"])), np.array(found["maps"][0]["heat_map"]), mark="PHANTOM"
    )
    np.testing.assert_array_equal(picture(out / "heatmap.png"), picture(io.BytesIO(drawn)))


@pytest.mark.parametrize("target", ["for", "against"])
def test_a_withheld_map_is_written_all_the_same(workspace, trio, done, tmp_path, target):
    row = film(workspace)
    options = ("--target", target, "--method", "eigen-cam", "--dataset", studies.DATASET)
    check = randomisation.Check(
        weights_sha256=cards.read_card(workspace, trio[0])["weights_sha256"], films=32, pairs=96, correlation=0.9
    )
    kept = workspace.root / "predictions" / trio[0] / randomisation.FILE
    files.write_json(kept, vars(check))

    done("explain", trio[0], row["image_id"], "--out", str(tmp_path / "out"), *options)

    found = told(tmp_path / "out")
    assert found["verdict"] == "withheld"
    assert (tmp_path / "out" / "heatmap.png").exists()
    assert (found["maps"][0]["target"], found["maps"][0]["method"]) == (target, "eigen-cam")


def test_an_ensemble_writes_a_map_a_member_and_that_of_the_heaviest(workspace, trio, done, tmp_path):
    path = workspace.checkpoint(trio[2]) / cards.CARD
    card = files.read_json(path)
    card["members"][0]["weight"], card["members"][1]["weight"] = 0.25, 0.75
    files.write_json(path, card)

    done("explain", trio[2], film(workspace)["image_id"], "--out", str(tmp_path / "out"), "--method", "eigen-cam")

    found, out = told(tmp_path / "out"), tmp_path / "out"
    names = ["heatmap-1-cnn.png", "heatmap-2-cnn.png"]
    assert [one["file"] for one in found["maps"]] == names
    assert [one["weight"] for one in found["maps"]] == [0.25, 0.75]
    assert sorted(path.name for path in out.glob("heatmap*")) == [*names, "heatmap.png"]
    assert (out / "heatmap.png").read_bytes() == (out / names[1]).read_bytes()
    assert (found["verdict"], found["reasons"]) == (found["maps"][1]["verdict"], found["maps"][1]["reasons"])


def test_a_map_of_zeros_is_said_and_older_maps_go(workspace, trio, done, tmp_path, monkeypatch):
    row, out = film(workspace), tmp_path / "out"
    done("explain", trio[2], row["image_id"], "--out", str(out), "--method", "eigen-cam")
    (out / "notes.txt").write_text("mine")
    load = checkpoint.load

    def silent(*place):
        one = load(*place)
        torch.nn.init.zeros_(one.classifier.head[1].weight)
        return one

    monkeypatch.setattr(checkpoint, "load", silent)

    summary, made = done("explain", trio[0], row["image_id"], "--out", str(out), "--target", "for")

    assert made["verdict"] == "empty"
    assert sorted(path.name for path in out.iterdir()) == ["explain.json", "film.png", "notes.txt"]
    assert told(out)["maps"][0]["file"] is None
    assert "Nothing spoke for a pneumothorax on the last grid" in summary


@pytest.mark.parametrize("option", [(), ("--dataset", studies.DATASET)])
def test_a_file_is_explained_by_its_own_kind_and_named_by_its_pixels(workspace, trio, done, tmp_path, option):
    row = film(workspace)
    with Image.open(row["path"]) as image:
        text = PngInfo()
        text.add_text("PleuraScope", "phantom")
        image.save(tmp_path / "Surname, Name.png", pnginfo=text)

    _, made = done("explain", trio[0], str(tmp_path / "Surname, Name.png"), "--out", str(tmp_path / "out"), *option)

    found = told(tmp_path / "out")
    assert made["image_id"] == f"film-{row['sha256'][:12]}"
    assert (found["source"], found["image_sha256"]) == ("phantom", row["sha256"])
    assert "Surname" not in json.dumps(found)
    assert (found["maps"][0]["randomisation"] is None) == (not option)
    film_drawn = picture(tmp_path / "out" / "film.png")
    assert (film_drawn[..., 0] - film_drawn[..., 2]).max() > 100, "the mark of a phantom"


def test_a_real_file_gets_no_map_from_a_checkpoint_of_phantoms(trio, refused, tmp_path):
    Image.fromarray(np.full((50, 50), 90, np.uint8)).save(tmp_path / "real.png")

    told = refused("explain", trio[0], str(tmp_path / "real.png"), "--out", str(tmp_path / "out"))

    assert "learnt from (phantom), found 1 real of 1" in told
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_explained_is_refused_in_one_sentence(workspace, trio, refused, tmp_path):
    row, out = film(workspace), ("--out", str(tmp_path / "out"))
    (tmp_path / "text.png").write_text("no picture")
    files.write_parquet(workspace.radiographs("twin"), radiographs.load(workspace, studies.DATASET))

    assert "found neither for 'nope.png'" in refused("explain", trio[0], "nope.png", *out)
    assert "of data set 'twin', found neither" in refused("explain", trio[0], "nope", *out, "--dataset", "twin")
    assert "stands in tiny and twin; name one" in refused("explain", trio[0], row["image_id"], *out)
    assert "none named 'other'" in refused("explain", trio[0], row["image_id"], *out, "--dataset", "other")
    assert "readable film in text.png, found: not a PNG" in refused("explain", trio[0], f"{tmp_path}/text.png", *out)
    assert "found none named 'nobody'" in refused("explain", "nobody", row["image_id"], *out)
    assert "found a file at" in refused("explain", trio[0], row["image_id"], "--out", str(tmp_path / "text.png"))
    assert "Expected --out" in refused("explain", trio[0], row["image_id"])
    assert "score-cam" in refused("explain", trio[0], row["image_id"], *out, "--method", "score-cam")


def test_the_methods_are_those_there_are():
    for config in (command.ExplainArguments, localisation.LocalisationArguments):
        assert get_args(config.model_fields["method"].annotation) == heat_maps.METHODS


def test_localisation_prints_each_measure_beside_chance(workspace, trio, done, tmp_path):
    mask = np.zeros((40, 40), np.uint8)
    mask[:, :10] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    table = radiographs.load(workspace, studies.DATASET).assign(mask_path=str(tmp_path / "mask.png"))
    files.write_parquet(workspace.radiographs(studies.DATASET), table)
    place = ("--dataset", studies.DATASET, "--split", studies.SPLIT, "--part", "test")

    summary, made = done("localisation", trio[2], *place)

    report = made["report"]
    assert {**made, "report": None} == {
        "checkpoint_id": trio[2], "dataset": studies.DATASET, "split": studies.SPLIT, "report": None
    }  # fmt: skip
    assert (
        f"{report['counts']['films']} films of {report['counts']['patients']} patients with a known region" in summary
    )
    assert summary.count("by chance 0.250") == 6  # hit and AUPRC, of the ensemble and each member
    assert summary.count("weight 0.50") == 2
    assert list((workspace.reports / "localisation" / trio[2]).iterdir())


def test_localisation_without_a_region_is_an_answer(trio, done):
    place = ("--dataset", studies.DATASET, "--split", studies.SPLIT, "--part", "test")

    summary, made = done("localisation", trio[0], *place)

    assert "no measure: no film of this part has a mask or boxes" in summary
    assert made["report"]["measures"]["hit"]["value"] is None


def test_localisation_refuses_what_is_not_there(trio, refused):
    place = ("--dataset", studies.DATASET, "--split", studies.SPLIT)

    assert "found none named 'nobody'" in refused("localisation", "nobody", *place, "--part", "test")
    assert "found none named 'other'" in refused("localisation", trio[0], *place[:3], "other", "--part", "test")
    assert "--part" in refused("localisation", trio[0], *place)
