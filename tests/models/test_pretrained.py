from __future__ import annotations

import contextlib
import json
import pickle
import shutil
import socket

import huggingface_hub
import pytest
import safetensors.torch
import timm
import torch

from core.base import files
from core.base.errors import InputError
from core.data import split_store
from core.models import cards, pretrained, registry
from core.training import engine
from core.training.config import TrainConfig
from tests.training import studies

TIMM = {
    "resnet18": "resnet18",
    "densenet121": "densenet121",
    "efficientnet_b0": "efficientnet_b0",
    "vit": "vit_tiny_patch16_224",
}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch, tmp_path):
    """An empty cache, and a network that fails the test when it is asked for anything."""

    def asked(*_arguments, **_options):
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket, "create_connection", asked)
    monkeypatch.setattr(socket, "getaddrinfo", asked)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("PLEURASCOPE_ONLINE", raising=False)


def classifier(model: str = "cnn", size: int = 64):
    torch.manual_seed(1)
    return registry.create_classifier(model, image_size=size, drop_rate=0.5)


def colour_weights(model: str, path) -> dict[str, torch.Tensor]:
    """Write weights as timm publishes them: three colours, 224 px, a thousand classes."""
    torch.manual_seed(2)
    weights = timm.create_model(TIMM[model], pretrained=False).state_dict()
    path.parent.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(weights, path)
    return weights


def cached(tmp_path, model: str) -> dict[str, torch.Tensor]:
    """Lay weights into the local cache as the hub's own client does."""
    repository = timm.create_model(TIMM[model], pretrained=False).pretrained_cfg["hf_hub_id"]
    folder = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    return colour_weights(model, folder / "snapshots" / "abc" / "model.safetensors")


@pytest.mark.parametrize("model", TIMM)
def test_published_weights_arrive_in_grey_and_at_the_size_of_the_images(model, tmp_path):
    published = colour_weights(model, tmp_path / "w.safetensors")
    of = classifier(model)
    head = {name: tensor.clone() for name, tensor in of.head.state_dict().items()}

    origin = pretrained.apply(of, str(tmp_path / "w.safetensors"))

    own = of.trunk.state_dict()
    changed = [name for name in own if published[name].shape != own[name].shape]
    assert len(changed) == (2 if model == "vit" else 1)
    for name in set(own) - set(changed):
        assert torch.equal(own[name], published[name]), name
    first = next(name for name in changed if name != "pos_embed")
    torch.testing.assert_close(own[first], published[first].sum(dim=1, keepdim=True))
    assert all(torch.equal(tensor, of.head.state_dict()[name]) for name, tensor in head.items())
    assert origin.kind == "file"
    assert origin.sentence.startswith("started from w.safetensors (SHA-256 ")
    assert str(tmp_path) not in origin.sentence


def test_auto_takes_what_the_cache_has_without_asking_the_network(tmp_path):
    published = cached(tmp_path, "resnet18")
    of = classifier("multitask")

    origin = pretrained.apply(of, "auto")

    assert origin.kind == "imagenet"
    assert origin.sentence.startswith("started from ImageNet weights, timm/resnet18.")
    assert torch.equal(of.trunk.state_dict()["layer1.0.conv1.weight"], published["layer1.0.conv1.weight"])


def test_auto_without_weights_trains_from_scratch_and_says_how_to_get_them():
    of = classifier()
    before = of.trunk.state_dict()["conv1.weight"].clone()

    origin = pretrained.apply(of, "auto")

    assert origin.kind == "scratch"
    assert "stays offline; set PLEURASCOPE_ONLINE=1 once to fetch them, or give --weights FILE" in origin.sentence
    assert torch.equal(of.trunk.state_dict()["conv1.weight"], before)


def test_none_asks_for_nothing(tmp_path):
    cached(tmp_path, "resnet18")

    assert pretrained.apply(classifier(), "none").kind == "scratch"


def test_imagenet_offline_is_refused_without_a_probe():
    with pytest.raises(
        InputError, match=r"Expected ImageNet weights \(timm/resnet18.* stays offline; set PLEURASC"
    ) as e:
        pretrained.apply(classifier(), "imagenet")

    assert e.value.field == "weights"


@pytest.mark.parametrize(
    "place",
    [
        "hub/models--timm--resnet18.a1_in1k/snapshots/abc/pytorch_model.bin",
        "torch/hub/checkpoints/resnet18_a1_0-d63eafa0.pth",
    ],
)
def test_weights_that_lie_there_as_a_pickle_are_told_of_but_not_read(place, tmp_path):
    refs = tmp_path / "hub" / "models--timm--resnet18.a1_in1k" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text("abc")
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_bytes(pickle.dumps({"conv1.weight": 1}))

    origin = pretrained.apply(classifier(), "auto")

    assert origin.kind == "scratch"
    assert "has them as a pickle only, which is never read, and stays offline" in origin.sentence


@pytest.fixture
def probed(monkeypatch):
    """Online, with a hub that does not answer."""
    asked = []

    def refuse(address, timeout):
        asked.append((address, timeout))
        raise TimeoutError

    monkeypatch.setenv("PLEURASCOPE_ONLINE", "1")
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(pretrained.constants, "HF_HUB_OFFLINE", False)
    return asked


def test_online_there_is_one_probe_of_three_seconds_then_a_clear_refusal(probed):
    with pytest.raises(InputError, match="did not answer within 3 s"):
        pretrained.apply(classifier(), "imagenet")

    assert len(probed) == 1
    assert probed[0][1] == 3


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://huggingface.co", ("huggingface.co", 443)),
        ("http://mirror.lan", ("mirror.lan", 80)),
        ("http://mirror.lan:8081/hub", ("mirror.lan", 8081)),
    ],
)
def test_the_probe_goes_where_the_hub_client_would(endpoint, address, monkeypatch, probed):
    monkeypatch.setattr(pretrained.constants, "ENDPOINT", endpoint)

    pretrained.apply(classifier(), "auto")

    assert [asked for asked, _ in probed] == [address]


def test_online_auto_goes_on_from_scratch_when_the_hub_does_not_answer(probed):
    assert "did not answer within 3 s" in pretrained.apply(classifier(), "auto").sentence
    assert len(probed) == 1


def test_a_name_that_is_looked_up_for_ever_is_not_waited_for(monkeypatch, probed):
    import threading
    import time

    forever = threading.Event()

    def look_up(*_address, **_options):
        forever.wait(20)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", look_up)
    monkeypatch.setattr(pretrained, "PROBE_S", 0.2)
    began = time.monotonic()

    assert pretrained.apply(classifier(), "auto").kind == "scratch"
    assert time.monotonic() - began < 10
    forever.set()


@pytest.fixture
def _hub_answers(monkeypatch, probed):
    monkeypatch.setattr(socket, "create_connection", lambda *_address, **_options: contextlib.nullcontext())


@pytest.mark.usefixtures("_hub_answers")
def test_online_weights_are_fetched_from_a_hub_that_answers(monkeypatch, tmp_path):
    colour_weights("resnet18", tmp_path / "fetched.safetensors")
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_names: str(tmp_path / "fetched.safetensors"))

    assert pretrained.apply(classifier(), "imagenet").kind == "imagenet"


@pytest.mark.usefixtures("_hub_answers")
@pytest.mark.parametrize("error", [OSError("no space left"), huggingface_hub.errors.HTTPError("peer closed")])
def test_a_download_that_breaks_off_is_no_crash(error, monkeypatch):
    def break_off(*_names):
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", break_off)

    assert f"did not give them ({type(error).__name__})" in pretrained.apply(classifier(), "auto").sentence
    with pytest.raises(InputError, match="did not give them"):
        pretrained.apply(classifier(), "imagenet")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "Expected a .safetensors file of weights, found none at 'w.safetensors'"),
        (b"", "found another or a damaged file"),
        (pickle.dumps({"conv1.weight": 1}), "found another or a damaged file"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00garbage!", "found another or a damaged file"),
        (
            safetensors.torch.save({"x": torch.zeros(1)}),
            "Expected weights of resnet18 in 'w.safetensors', found none for 'bn1",
        ),
    ],
)
def test_a_file_that_holds_no_such_weights_is_refused_in_one_sentence(content, told, tmp_path):
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError) as error:
        pretrained.apply(classifier(), str(path))

    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.field == "weights"


def test_weights_of_another_architecture_are_refused(tmp_path):
    colour_weights("densenet121", tmp_path / "w.safetensors")

    with pytest.raises(InputError, match=r"Expected weights of resnet18 in 'w\.safetensors', found none for"):
        pretrained.apply(classifier(), str(tmp_path / "w.safetensors"))


def test_weights_of_a_deeper_sibling_are_refused_though_they_hold_all_that_is_asked_for(tmp_path):
    safetensors.torch.save_file(timm.create_model("resnet34").state_dict(), tmp_path / "w.safetensors")

    with pytest.raises(
        InputError, match=r"of resnet18 in 'w\.safetensors', found also some for 'layer1\.2\.bn1\.bias'"
    ):
        pretrained.apply(classifier(), str(tmp_path / "w.safetensors"))


@pytest.mark.parametrize(
    ("model", "name", "shape", "told"),
    [
        ("resnet18", "conv1.weight", (64,), r"'conv1.weight' of shape \(64,\) in place of \(64, 1, 7, 7\)"),
        ("resnet18", "conv1.weight", (64, 2, 7, 7), r"'conv1.weight' of shape \(64, 2, 7, 7\)"),
        ("resnet18", "bn1.weight", (3,), r"'bn1.weight' of shape \(3,\) in place of \(64,\)"),
        ("vit", "pos_embed", (197,), r"'pos_embed' of shape \(197,\) in place of \(1, 17, 192\)"),
        ("vit", "pos_embed", (1, 51, 192), "found others"),  # 50 patches are no square
    ],
)
def test_weights_of_another_shape_are_refused_and_leave_the_backbone_as_it_was(model, name, shape, told, tmp_path):
    weights = colour_weights(model, tmp_path / "w.safetensors") | {name: torch.zeros(shape)}
    safetensors.torch.save_file(weights, tmp_path / "w.safetensors")
    of = classifier(model)
    before = {key: tensor.clone() for key, tensor in of.trunk.state_dict().items()}

    with pytest.raises(InputError, match=told):
        pretrained.apply(of, str(tmp_path / "w.safetensors"))

    assert all(torch.equal(tensor, before[key]) for key, tensor in of.trunk.state_dict().items())


def test_weights_without_a_count_of_steps_are_taken(tmp_path):
    weights = colour_weights("resnet18", tmp_path / "w.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.endswith("num_batches_tracked")}
    safetensors.torch.save_file(kept, tmp_path / "w.safetensors")
    of = classifier()

    pretrained.apply(of, str(tmp_path / "w.safetensors"))

    assert torch.equal(of.trunk.state_dict()["bn1.running_var"], weights["bn1.running_var"])


@pytest.mark.parametrize("model", ["cnn", "vit"])
def test_a_checkpoint_of_ours_gives_its_backbone_also_at_another_size(model, tmp_path):
    torch.manual_seed(3)
    trained = registry.create_classifier(model, image_size=64, drop_rate=0.5)
    weights = {name: tensor.contiguous() for name, tensor in trained.state_dict().items()}
    safetensors.torch.save_file(weights, tmp_path / "weights.safetensors")
    of = classifier(model, size=96)

    pretrained.apply(of, str(tmp_path / "weights.safetensors"))

    for name, tensor in of.trunk.state_dict().items():
        if name != "pos_embed":
            assert torch.equal(tensor, trained.trunk.state_dict()[name])
    assert of.eval()(torch.randn(2, 1, 96, 96)).isfinite().all()


@pytest.fixture
def learnt(workspace, tmp_path, monkeypatch) -> str:
    """The weights of a checkpoint that learnt from the usual split."""
    studies.use_tiny_classifier(monkeypatch)
    studies.make(workspace, tmp_path)
    name = engine.train(workspace, TrainConfig.from_dict(studies.OPTIONS | {"epochs": 1, "weights": "none"}))
    return str(workspace.checkpoint(name) / cards.WEIGHTS)


def test_weights_that_learnt_from_the_same_split_may_be_taken_up(workspace, learnt):
    pretrained.refuse_leak(workspace, learnt, studies.DATASET, studies.SPLIT)


def test_weights_that_have_seen_patients_of_val_or_test_are_refused(workspace, learnt):
    split_store.create(workspace, studies.DATASET, "other", "patient", seed=7)

    with pytest.raises(InputError, match="that have not seen patients of val or test, found 'cnn-tiny-") as error:
        pretrained.refuse_leak(workspace, learnt, studies.DATASET, "other")

    assert error.value.field == "weights"
    with pytest.raises(InputError, match="that have not seen patients"):
        engine.train(workspace, TrainConfig.from_dict(studies.OPTIONS | {"split": "other", "weights": learnt}))


def test_weights_that_started_from_such_weights_are_refused_too(workspace, learnt, tmp_path):
    split_store.create(workspace, studies.DATASET, "other", "patient", seed=7)
    (first,) = workspace.checkpoints.iterdir()
    later = tmp_path / "later.safetensors"
    later.write_bytes(safetensors.torch.save({"x": torch.zeros(1)}))
    shutil.copytree(first, workspace.checkpoints / "later")
    card = json.loads((first / cards.CARD).read_text())
    parent = {"weights_sha256": card["weights_sha256"]}
    changed = {"checkpoint_id": "later", "dataset": "elsewhere", "weights_sha256": files.sha256_of_file(later)}
    (workspace.checkpoints / "later" / cards.CARD).write_text(json.dumps(card | changed | {"training": parent}))

    with pytest.raises(InputError, match=r"found 'later' that goes back to 'cnn-tiny-.*', which learnt from"):
        pretrained.refuse_leak(workspace, str(later), studies.DATASET, "other")


def test_weights_whose_split_was_made_anew_are_refused(workspace, learnt):
    split_store.create(workspace, studies.DATASET, studies.SPLIT, "patient", seed=7)

    with pytest.raises(InputError, match="whose split 'patient' is gone or was made anew"):
        pretrained.refuse_leak(workspace, learnt, studies.DATASET, studies.SPLIT)


def test_weights_of_another_data_set_or_from_elsewhere_pass(workspace, learnt, tmp_path):
    (card,) = workspace.checkpoints.glob("*/card.json")
    card.write_text(json.dumps(json.loads(card.read_text()) | {"dataset": "elsewhere"}))
    colour_weights("resnet18", tmp_path / "w.safetensors")

    for weights in (learnt, str(tmp_path / "w.safetensors"), "auto"):
        pretrained.refuse_leak(workspace, weights, studies.DATASET, studies.SPLIT)
