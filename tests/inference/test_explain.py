"""What moved a classifier on one film: the map, what was measured of it, and what is refused."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from core.base import files
from core.base.errors import InputError
from core.data import lung_field, radiographs
from core.data.pixel_cache import PixelCache
from core.evaluation import map_measures
from core.inference import explain, heat_maps, mc_dropout, randomisation
from core.inference.predict import predict
from core.models import cards, checkpoint, registry
from core.vision import transforms
from tests.training import studies


@pytest.fixture
def trained(trio) -> list[str]:
    """Two tiny classifiers of one split of phantoms, of different sizes."""
    return trio[:2]


@pytest.fixture
def fused(trio) -> str:
    """Their ensemble, each with half of the weight."""
    return trio[2]


def film(workspace, number: int = 4) -> dict:
    return radiographs.load(workspace, studies.DATASET).iloc[number].to_dict()


def image(workspace, row: dict, one: checkpoint.Checkpoint) -> torch.Tensor:
    table = radiographs.load(workspace, studies.DATASET)
    cache = PixelCache.ensure(workspace, table, size=one.spec.size)
    return transforms.normalise(cache.read(cache.rows_of([row["image_id"]])), one.spec)


def test_a_classifier_gives_one_map_for_its_own_call(workspace, trained):
    table = files.read_parquet(predict(workspace, trained[0], studies.DATASET, passes=0)).set_index("image_id")
    cut = float(table["probability"].median())
    path = workspace.checkpoint(trained[0]) / cards.CARD
    files.write_json(path, files.read_json(path) | {"operating_points": {"youden": {"threshold": cut}}})
    one = checkpoint.load(workspace, trained[0])

    for number in range(8):
        row = film(workspace, number)
        (found,) = explain.explanations(workspace, trained[0], row)

        positive = table["probability"][row["image_id"]] >= cut
        assert found.target == ("for" if positive else "against")
        assert found.probability == pytest.approx(table["probability"][row["image_id"]], abs=1e-6)
        assert (found.cut, found.weight, found.model, found.grid) == (cut, None, "cnn", (7, 7))
        expected = heat_maps.reference(one.classifier, image(workspace, row, one), signs=[1 if positive else -1])
        np.testing.assert_allclose(found.heat_map, expected[0], atol=1e-5 * max(expected.max(), 1e-3))
        assert (found.image_sha256, found.weights_sha256) == (row["sha256"], one.card["weights_sha256"])


@pytest.mark.parametrize(("target", "sign"), [("for", 1.0), ("against", -1.0)])
@pytest.mark.parametrize("method", heat_maps.METHODS)
def test_side_and_method_can_be_asked_for(workspace, trained, target, sign, method):
    row, one = film(workspace), checkpoint.load(workspace, trained[0])

    (found,) = explain.explanations(workspace, trained[0], row, method=method, target=target)

    seen = heat_maps.see(one.classifier, image(workspace, row, one))
    assert (found.method, found.target) == (method, target)
    np.testing.assert_allclose(found.heat_map, heat_maps.heat_maps(seen, method, signs=[sign])[0], atol=1e-7)
    first = "hires-cam" if method == "hires-cam" else "grad-cam"
    three = [heat_maps.heat_maps(seen, name, signs=[sign]) for name in (first, "grad-cam++", "eigen-cam")]
    if found.agreement is None:
        assert np.isnan(map_measures.agreement(three)[0])
    else:
        assert found.agreement == pytest.approx(map_measures.agreement(three)[0])


def test_without_a_cut_the_map_is_the_evidence_for_a_pneumothorax(workspace, trained):
    path = workspace.checkpoint(trained[0]) / cards.CARD
    files.write_json(path, files.read_json(path) | {"operating_points": {}})

    found = [explain.explanations(workspace, trained[0], film(workspace, number))[0] for number in range(3)]

    assert {(one.target, one.cut) for one in found} == {("for", None)}


def test_a_known_lung_field_is_what_the_map_is_held_against(workspace, trained, tmp_path):
    lungs = np.zeros((40, 40), np.uint8)
    lungs[5:30, 20:38] = 255
    Image.fromarray(lungs).save(tmp_path / "lungs.png")
    row = film(workspace) | {"lung_path": str(tmp_path / "lungs.png")}

    (found,) = explain.explanations(workspace, trained[0], row, method="eigen-cam")

    inside = lung_field.read(tmp_path / "lungs.png", size=64)
    large = cv2.resize(found.heat_map, (64, 64), interpolation=cv2.INTER_LINEAR)
    assert found.lung_from == "truth"
    assert found.lung_area == pytest.approx(inside.mean())
    assert found.lung_share == pytest.approx(large[inside].sum() / large.sum(), rel=1e-5)


@pytest.mark.parametrize("there", ["nowhere.png", "empty.png"])
def test_without_one_the_grey_values_are_asked_and_their_failure_is_told(workspace, trained, tmp_path, there):
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "empty.png")
    row = film(workspace) | {"lung_path": str(tmp_path / there)}
    one = checkpoint.load(workspace, trained[0])
    cache = PixelCache.ensure(workspace, radiographs.load(workspace, studies.DATASET), size=one.spec.size)
    _, (reason,) = lung_field.measure(cache.read(cache.rows_of([row["image_id"]])))
    assert reason is not None, "noise has no lungs"

    (found,) = explain.explanations(workspace, trained[0], row, method="eigen-cam")

    assert (found.lung_from, found.lung_share, found.lung_area) == (None, None, None)
    assert f"Whether the map lies in the lungs was not tested: {reason}." in found.reasons


def test_the_check_of_the_checkpoint_is_made_on_the_data_set_and_then_kept(workspace, trained):
    row = film(workspace)

    (without,) = explain.explanations(workspace, trained[0], row, method="eigen-cam")
    (made,) = explain.explanations(workspace, trained[0], row, method="eigen-cam", dataset=studies.DATASET)
    (kept,) = explain.explanations(workspace, trained[0], row, method="eigen-cam")

    assert without.randomisation is None
    assert without.reasons[-1].endswith("was not tested: it wants the films of a data set.")
    check = randomisation.read(workspace, cards.read_card(workspace, trained[0]))
    assert made.randomisation == kept.randomisation == check.correlation
    assert made.reasons == kept.reasons


def test_a_check_that_cannot_be_made_does_not_stop_the_explanation(workspace, trained, tmp_path):
    row = film(workspace)
    others = radiographs.load(workspace, studies.DATASET)
    files.write_parquet(workspace.radiographs("gone"), others.assign(path=str(tmp_path / "gone.png"), sha256="0" * 64))

    (found,) = explain.explanations(workspace, trained[0], row, method="eigen-cam", dataset="gone")

    assert found.randomisation is None
    assert "was not tested: Expected the image of" in found.reasons[-1]
    assert str(tmp_path) not in found.reasons[-1]


def test_an_ensemble_gives_one_map_a_member_as_the_member_alone_would(workspace, trained, fused):
    row = film(workspace)

    found = explain.explanations(workspace, fused, row)

    alone = [explain.explanations(workspace, member, row)[0] for member in trained]
    assert [one.checkpoint_id for one in found] == trained
    assert [one.weight for one in found] == [0.5, 0.5]
    assert [one.grid for one in found] == [(7, 7), (11, 11)]
    for one, other in zip(found, alone, strict=True):
        assert one.to_dict() | {"weight": None} == other.to_dict()


def test_a_changed_member_is_refused(workspace, trained, fused):
    path = workspace.checkpoint(trained[0]) / cards.CARD
    files.write_json(path, files.read_json(path) | {"weights_sha256": "0" * 64})

    with pytest.raises(InputError, match="found other weights; make the ensemble again"):
        explain.explanations(workspace, fused, film(workspace))


def test_checkpoints_in_memory_are_used_and_left_as_they_were(workspace, trained):
    one = checkpoint.load(workspace, trained[0])
    before = copy.deepcopy(one.classifier.state_dict())
    asked = []

    def loaded(name: str) -> checkpoint.Checkpoint:
        asked.append(name)
        return one

    explain.explanations(workspace, trained[0], film(workspace), dataset=studies.DATASET, loaded=loaded)
    explain.uncertainty_map(workspace, trained[0], film(workspace), passes=3, loaded=loaded)

    assert asked == [trained[0]] * 2
    assert all(torch.equal(before[name], tensor) for name, tensor in one.classifier.state_dict().items())
    assert not any(module._forward_hooks for module in one.classifier.modules())
    assert all(weight.grad is None and weight.requires_grad for weight in one.classifier.parameters())


def test_a_map_of_zeros_is_said(workspace, trained):
    one = checkpoint.load(workspace, trained[0])
    silent = copy.deepcopy(one.classifier)
    torch.nn.init.zeros_(silent.head[1].weight)

    (found,) = explain.explanations(
        workspace, trained[0], film(workspace), loaded=lambda _: replace(one, classifier=silent), target="for"
    )

    assert found.verdict == "empty"
    assert found.reasons == ["Nothing spoke for a pneumothorax on the last grid: the map is zero everywhere."]
    assert (found.agreement, found.lung_share) == (None, None)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["heat_map"] == np.zeros((7, 7)).tolist()


def test_what_is_written_down_is_plain_and_holds_no_path(workspace, trained, tmp_path):
    (found,) = explain.explanations(workspace, trained[0], film(workspace), dataset=studies.DATASET)

    told = json.dumps(found.to_dict(), allow_nan=False)
    assert str(tmp_path) not in told
    assert json.loads(told)["grid"] == [7, 7]


def test_a_checkpoint_that_learnt_from_phantoms_gives_no_map_of_a_real_film(workspace, trained):
    for row in (film(workspace) | {"source": "real"}, film(workspace) | {"source": "synthetic"}):
        with pytest.raises(InputError, match=r"learnt from \(phantom\), found 1 real of 1"):
            explain.explanations(workspace, trained[0], row)
        with pytest.raises(InputError, match=r"learnt from \(phantom\), found 1 real of 1"):
            explain.uncertainty_map(workspace, trained[0], row)


@pytest.mark.parametrize("parent", ["phantom", "real"])
def test_a_synthetic_child_counts_as_its_parents_kind(workspace, trained, parent):
    table = radiographs.load(workspace, studies.DATASET)
    table.loc[5, "source"] = parent
    table.loc[4, ["source", "parent_image_id"]] = ["synthetic", table["image_id"][5]]
    files.write_parquet(workspace.radiographs(studies.DATASET), table)

    if parent == "phantom":
        assert explain.explanations(workspace, trained[0], film(workspace), dataset=studies.DATASET)
    else:
        with pytest.raises(InputError, match="found 1 real of 1"):
            explain.explanations(workspace, trained[0], film(workspace), dataset=studies.DATASET)


def test_a_film_that_is_gone_changed_or_never_had_a_file_is_refused(workspace, trained, tmp_path):
    row = film(workspace)

    with pytest.raises(InputError, match="where it was indexed, found: missing; run index again"):
        explain.explanations(workspace, trained[0], row | {"path": str(tmp_path / "gone.png")})
    with pytest.raises(InputError, match="as they were indexed, found others; run index again"):
        explain.explanations(workspace, trained[0], row | {"sha256": "0" * 64})
    with pytest.raises(InputError, match="Expected a radiograph with an image, found none"):
        explain.explanations(workspace, trained[0], row | {"path": None})


def test_an_unknown_method_is_refused(workspace, trained):
    with pytest.raises(InputError, match="found 'score-cam'"):
        explain.explanations(workspace, trained[0], film(workspace), method="score-cam")


def test_the_uncertainty_map_is_the_spread_of_maps_over_passes(workspace, trained):
    row, one = film(workspace), checkpoint.load(workspace, trained[0])
    (shown,) = explain.explanations(workspace, trained[0], row)
    sign = 1.0 if shown.target == "for" else -1.0

    found = explain.uncertainty_map(workspace, trained[0], row, passes=5)

    maps = []
    for head in mc_dropout.keyed_heads(one.classifier, keys=[row["sha256"]], passes=5):
        alone = copy.deepcopy(one.classifier)
        alone.head = _Called(head)
        maps.append(heat_maps.reference(alone, image(workspace, row, one), signs=[sign])[0])
    np.testing.assert_allclose(found, np.std(maps, axis=0, ddof=1), atol=1e-5 * max(np.max(maps), 1e-3))
    assert found.shape == (7, 7)
    assert found.max() > 0


class _Called(torch.nn.Module):
    """A head of one pass as a module."""

    def __init__(self, head) -> None:
        super().__init__()
        self.call = head

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.call(features)


def test_an_ensemble_has_no_uncertainty_map_of_its_own(workspace, trained, fused):
    with pytest.raises(InputError, match=r"found the ensemble .*; name one of its members"):
        explain.uncertainty_map(workspace, fused, film(workspace))


@pytest.mark.parametrize(
    ("model", "alike"),
    [(name, name != "vit") for name in registry.CLASSIFIERS],
)
def test_hires_cam_equals_grad_cam_only_where_pooling_follows_the_grid(model, alike):
    torch.manual_seed(0)
    classifier = registry.create_classifier(model, image_size=96, drop_rate=0.5).eval()
    seen = heat_maps.see(classifier, torch.rand(2, 1, 96, 96))

    maps = [heat_maps.heat_maps(seen, method, signs=[1, -1]) for method in ("grad-cam", "hires-cam")]

    assert np.allclose(*maps, atol=1e-5 * np.max(maps)) == alike
