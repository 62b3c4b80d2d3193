"""MC dropout over every classifier: against full forwards with the same masks, and torch's own dropout."""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.base.errors import InputError
from core.inference import mc_dropout
from core.inference.mc_dropout import logits_of_passes
from core.models import registry
from core.models.contract import Classifier
from core.models.convolutional import linear_head

SIZE, PASSES = 32, 4
KEYS = [hashlib.sha256(bytes([film])).hexdigest() for film in range(4)]


class WithDropoutInside(Classifier):
    """Dropout of whole channels between two stages, of values after them, then of features in the head."""

    def __init__(self, *, drop_rate: float = 0.3) -> None:
        super().__init__()
        self.trunk = nn.ModuleDict(
            {
                "stem": nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), nn.BatchNorm2d(8)),
                "act": nn.ReLU(inplace=True),
                "drop": nn.Dropout2d(drop_rate),
                "stage": nn.Sequential(nn.Conv2d(8, 16, 3), nn.BatchNorm2d(16), nn.ReLU(inplace=True)),
                "drop_values": nn.Dropout(drop_rate),
            }
        )
        self.head = linear_head(16, drop_rate=drop_rate)

    @property
    def grid_layer(self) -> nn.Module:
        """The second stage."""
        return self.trunk["stage"]

    def features(self, images: Tensor) -> Tensor:
        """Return features `(B, 16)`; what the stem gives is written into, once by a module that hands it on."""
        grid = self.trunk["stem"](self.prepared(images))
        grid += 0.5
        self.trunk["act"](grid)
        grid = self.trunk["stage"](self.trunk["drop"](grid))
        return self.trunk["drop_values"](grid).mean(dim=(2, 3))


@pytest.fixture(params=[*registry.CLASSIFIERS, "inside"])
def classifier(request) -> Classifier:
    return made(request.param)


def made(name: str, *, drop_rate: float = 0.5) -> Classifier:
    return copy.deepcopy(built(name, drop_rate))


@cache
def built(name: str, drop_rate: float) -> Classifier:
    torch.manual_seed(0)
    if name == "inside":
        found: Classifier = WithDropoutInside(drop_rate=drop_rate)
    else:
        found = registry.create_classifier(name, image_size=SIZE, drop_rate=drop_rate)
    for module in found.modules():
        if isinstance(module, nn.BatchNorm2d):  # as after training, so that its statistics matter
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return found.eval()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(len(KEYS), 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def slow(classifier: Classifier, images: Tensor, keys: list[str], *, passes: int, seed: int = 0) -> Tensor:
    """The definition: full forwards in eval mode in which each dropout layer multiplies by the films' masks."""
    own = copy.deepcopy(classifier).eval()
    active = [module for module in own.modules() if isinstance(module, mc_dropout.Dropout) and module.p > 0]
    logits = []
    for at in range(passes):

        def drop(layer: nn.Module, inputs: tuple[Tensor], _output: Tensor, *, number: int, at: int = at) -> Tensor:
            shape = inputs[0].shape[1:] if isinstance(layer, nn.Dropout) else (inputs[0].shape[1], 1, 1)
            masks = []
            for key in keys:
                seed_of_film = int(hashlib.sha256(f"{seed} {number} 0 {key}".encode()).hexdigest(), 16)
                values = np.random.default_rng(seed_of_film).random((passes, *shape), dtype=np.float32)
                masks.append(torch.from_numpy((values[at] >= layer.p).astype(np.float32)))
            return inputs[0] * torch.stack(masks) * (1 / (1 - layer.p))

        hooks = [one.register_forward_hook(partial(drop, number=number)) for number, one in enumerate(active)]
        with torch.no_grad():
            logits.append(own(images))
        for hook in hooks:
            hook.remove()
    return torch.stack(logits)


def counted(classifier: Classifier) -> Counter[str]:
    """Count from now on how often each module runs, by its name, on the classifier and all copies of it."""
    calls: Counter[str] = Counter()
    for name, module in classifier.named_modules():
        module.register_forward_pre_hook(lambda _module, inputs, name=name: calls.update([f"{name} {len(inputs[0])}"]))
    return calls


def test_full_forwards_with_the_same_masks_give_the_very_same_logits(classifier, images):
    logits = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES, seed=3)

    assert logits.shape == (PASSES, len(KEYS))
    assert torch.equal(logits, slow(classifier, images, KEYS, passes=PASSES, seed=3))
    assert (logits.std(dim=0) > 0).all()


@pytest.mark.parametrize("name", registry.CLASSIFIERS)
def test_the_backbone_runs_once_and_the_head_once_a_pass(name, images):
    classifier = made(name)
    calls = counted(classifier)

    logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)

    films = len(KEYS)
    trunk = {count for called, count in calls.items() if called.startswith("trunk") and called.endswith(f" {films}")}
    assert trunk == {1}
    assert calls[f"head {films}"] == PASSES


@pytest.mark.parametrize("name", registry.CLASSIFIERS)
def test_features_stand_in_the_place_of_images(name, images):
    classifier = made(name)
    with torch.no_grad():
        features = classifier.features(images)

    logits = logits_of_passes(classifier, features, keys=KEYS, passes=PASSES)

    assert torch.equal(logits, logits_of_passes(classifier, images, keys=KEYS, passes=PASSES))


def test_the_answer_does_not_depend_on_the_other_films_of_the_batch(classifier, images):
    together = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES).sigmoid()

    for films in ([0], [3, 1], [2, 2, 0], [3, 2, 1, 0]):
        keys = [KEYS[film] for film in films]
        found = logits_of_passes(classifier, images[films], keys=keys, passes=PASSES).sigmoid()

        torch.testing.assert_close(found, together[:, films], rtol=0, atol=1e-6)


def test_fewer_passes_are_the_first_of_more(classifier, images):
    few = logits_of_passes(classifier, images, keys=KEYS, passes=3)
    more = logits_of_passes(classifier, images, keys=KEYS, passes=7)

    assert torch.equal(few, more[:3])


def test_the_same_call_answers_the_same_and_another_seed_or_key_another(classifier, images):
    first = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)

    assert torch.equal(first, logits_of_passes(classifier, images, keys=KEYS, passes=PASSES))
    assert (first != logits_of_passes(classifier, images, keys=KEYS, passes=PASSES, seed=1)).all()
    assert (first != logits_of_passes(classifier, images, keys=KEYS[::-1], passes=PASSES)).any(dim=0).all()


@pytest.mark.parametrize("training", [False, True])
def test_nothing_of_the_classifier_changes_and_batch_norm_stays_in_eval(classifier, images, training):
    expected = slow(classifier, images, KEYS, passes=PASSES)
    classifier.train(training)
    classifier.head.eval()
    flags = {name: module.training for name, module in classifier.named_modules()}
    state = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    attributes = {name: set(vars(module)) for name, module in classifier.named_modules()}

    logits = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)

    assert torch.equal(logits, expected)
    assert {name: module.training for name, module in classifier.named_modules()} == flags
    assert {name: set(vars(module)) for name, module in classifier.named_modules()} == attributes
    assert all(torch.equal(tensor, state[name]) for name, tensor in classifier.state_dict().items())
    assert not any(module._forward_hooks for module in classifier.modules())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in classifier.parameters())


@pytest.mark.parametrize("name", ["cnn", "multitask", "inside"])
def test_threads_that_share_a_classifier_get_what_one_gets_alone(name, images):
    classifier = made(name)
    alone = [logits_of_passes(classifier, images, keys=KEYS, passes=PASSES, seed=seed) for seed in range(4)]
    plain = classifier(images).detach()

    def answers(seed: int) -> bool:
        hook = classifier.grid_layer.register_forward_hook(lambda *_: None)  # as heat maps do
        found = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES, seed=seed)
        with torch.no_grad():
            unmoved = torch.equal(classifier(images), plain)
        hook.remove()
        return unmoved and torch.equal(found, alone[seed]) and not classifier.training

    with ThreadPoolExecutor(4) as threads:
        right = list(threads.map(answers, [0, 1, 2, 3] * 6))

    assert all(right)


def test_hooks_that_come_and_go_elsewhere_do_not_disturb_the_copy(images):
    """Walking through hooks that another thread changes would raise an error; here the copying itself changes them."""
    classifier = made("inside")

    class Changing:
        def __call__(self, *_inputs: object) -> None: ...

        def __deepcopy__(self, _memo: object) -> Changing:
            classifier.grid_layer.register_forward_hook(lambda *_: None)
            return self

    classifier.grid_layer.register_forward_hook(Changing())

    logits = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)

    assert torch.equal(logits, logits_of_passes(made("inside"), images, keys=KEYS, passes=PASSES))


def test_what_completes_before_the_first_dropout_runs_once(images):
    classifier = made("inside")
    calls = counted(classifier)

    logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)

    films = len(KEYS)
    assert mc_dropout._completed_before_dropout(classifier, images) == ["trunk.stem"]
    ran = {name: calls[f"{name} {films}"] for name in ("trunk.stem.0", "trunk.stem.1", "trunk.stage.0", "head.1")}
    assert ran == {"trunk.stem.0": 1, "trunk.stem.1": 1, "trunk.stage.0": PASSES, "head.1": PASSES}


def test_a_module_that_runs_before_and_after_dropout_is_not_remembered(images):
    class Twice(WithDropoutInside):
        def features(self, images: Tensor) -> Tensor:
            grid = self.trunk["stem"](self.prepared(images))
            grid = self.trunk["act"](self.trunk["drop"](self.trunk["act"](grid)))
            again = self.trunk["stem"](self.trunk["drop_values"](grid).mean(dim=1, keepdim=True))
            return self.trunk["stage"](again).mean(dim=(2, 3))

    torch.manual_seed(0)
    classifier = Twice().eval()

    logits = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)

    assert torch.equal(logits, slow(classifier, images, KEYS, passes=PASSES))


def test_features_are_refused_where_dropout_acts_before_them():
    with pytest.raises(ValueError, match="Expected images, as dropout acts before the features of WithDropoutInside"):
        logits_of_passes(made("inside"), torch.zeros(4, 16), keys=KEYS, passes=PASSES)


@pytest.mark.parametrize("drop_rate", [0.1, 0.5, 0.8])
def test_masks_keep_the_share_they_should_and_scale_it_up(drop_rate):
    layer = mc_dropout._KeyedDropout(nn.Dropout(drop_rate), number=0, keys=KEYS, passes=1000, seed=0)
    kept = np.empty((1000, len(KEYS), 100), dtype=bool)

    for at in range(1000):
        layer.begin(at)
        values = layer(torch.full((len(KEYS), 100), 2.0)).numpy()
        assert set(np.unique(values)) <= {np.float32(0), np.float32(2 / (1 - drop_rate))}
        kept[at] = values > 0

    # 5 standard errors of a share of 400,000, of 4,000 (each value of a film) and of 400 (each film in a pass)
    for axes, count in (((0, 1, 2), 400_000), ((0, 1), 4_000), ((1, 2), 400)):
        error = np.sqrt(drop_rate * (1 - drop_rate) / count)
        np.testing.assert_allclose(kept.mean(axis=axes), 1 - drop_rate, atol=5 * error)


def test_masks_of_films_passes_layers_and_calls_have_nothing_in_common():
    masks = []
    for number in range(2):
        layer = mc_dropout._KeyedDropout(nn.Dropout(0.5), number=number, keys=KEYS[:2], passes=2, seed=0)
        for at in range(2):
            layer.begin(at)
            masks += [layer(torch.ones(2, 10_000)), layer(torch.ones(2, 10_000))]

    rows = torch.cat(masks).numpy()  # of 2 films, 2 passes, 2 layers and 2 calls of each

    apart = np.corrcoef(rows) - np.eye(16)
    assert np.abs(apart).max() < 0.05  # 5 standard errors of a correlation of 10,000


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.Dropout1d, (5,)), (nn.Dropout2d, (5, 6)), (nn.Dropout3d, (3, 5, 6))],
    ids=str,
)
def test_layers_that_drop_channels_drop_whole_ones(layer, shape):
    keyed = mc_dropout._KeyedDropout(layer(0.5), number=0, keys=KEYS, passes=2, seed=0)

    channels = keyed(torch.ones(len(KEYS), 50, *shape)).flatten(2)

    assert (channels == channels[:, :, :1]).all()
    assert channels[:, :, 0].unique().tolist() == [0, 2]


def test_dropout_of_everything_leaves_nothing():
    keyed = mc_dropout._KeyedDropout(nn.Dropout(1.0), number=0, keys=KEYS, passes=2, seed=0)

    assert torch.equal(keyed(torch.ones(len(KEYS), 50)), torch.zeros(len(KEYS), 50))


def test_dropout_that_does_not_see_the_films_along_the_first_axis_is_refused():
    keyed = mc_dropout._KeyedDropout(nn.Dropout(0.5), number=0, keys=KEYS, passes=2, seed=0)

    with pytest.raises(ValueError, match=r"Expected 4 films along the first axis of dropout, got shape \(8, 5\)"):
        keyed(torch.ones(8, 5))


def test_many_passes_are_distributed_as_with_the_dropout_of_torch(images):
    classifier = made("cnn")
    features = torch.randn(len(KEYS), 512, generator=torch.Generator().manual_seed(0))

    ours = logits_of_passes(classifier, features, keys=KEYS, passes=1000)

    classifier.head.train()
    with torch.no_grad():
        usual = torch.stack([classifier.head(features) for _ in range(1000)])
    error = usual.std(dim=0) / np.sqrt(1000)
    assert ((ours.mean(dim=0) - usual.mean(dim=0)).abs() < 5 * np.sqrt(2) * error).all()
    torch.testing.assert_close(ours.std(dim=0), usual.std(dim=0), rtol=0.15, atol=0)  # each is known to 2 %


def test_heads_of_passes_may_be_called_in_any_order_and_learnt_from(images):
    classifier = made("multitask")
    with torch.no_grad():
        features = classifier.features(images)
    features.requires_grad_()
    expected = logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)

    heads = list(mc_dropout.keyed_heads(classifier, keys=KEYS, passes=PASSES))

    for at in (2, 0, 3, 1, 2):
        logits = heads[at](features)
        gradient, _ = torch.autograd.grad(logits.sum(), [features, classifier.head.own[1].weight])  # its own weights
        assert torch.equal(logits.detach(), expected[at])
        dropped = (gradient[:, :512] == 0).float().mean()  # the first layer's masks show in the gradient
        assert dropped.item() == pytest.approx(0.5, abs=0.1)
    assert len(heads) == PASSES


def test_a_classifier_without_a_dropout_layer_is_refused(images):
    classifier = made("resnet18")
    classifier.head = nn.Sequential(nn.Linear(512, 1), nn.Flatten(0))

    with pytest.raises(InputError, match=r"Expected active dropout .* Convolutional, found no dropout layer; predict"):
        logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)


def test_a_classifier_whose_dropout_is_off_is_refused(images):
    classifier = made("cnn", drop_rate=0.0)

    with pytest.raises(
        InputError, match="found 2 dropout layers, all with p = 0; predict it with --passes 0, or train"
    ):
        mc_dropout.refuse_without_dropout(classifier)


def test_dropout_that_never_reaches_the_logit_is_refused(images):
    classifier = made("multitask")
    for module in classifier.head.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0

    with pytest.raises(InputError, match="found none on the way to its logit"):
        logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)


@pytest.mark.parametrize("passes", [-1, 0, 1, 1001])
def test_too_few_or_many_passes_are_refused(passes, images):
    for refusing in (
        logits_of_passes,
        lambda classifier, _images, **options: mc_dropout.keyed_heads(classifier, **options),
    ):
        with pytest.raises(InputError, match=f"Expected 2 to 1000 passes, found {passes}; choose") as refused:
            refusing(made("cnn"), images, keys=KEYS, passes=passes)

        assert refused.value.field == "passes"


def test_each_film_needs_a_key(images):
    with pytest.raises(ValueError, match="Expected a key for each of 4 films, got 3"):
        logits_of_passes(made("cnn"), images, keys=KEYS[:3], passes=PASSES)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("name", ["cnn", "inside"])
def test_the_same_parts_are_left_out_on_cuda(name, images):
    expected = logits_of_passes(made(name), images, keys=KEYS, passes=PASSES)

    found = logits_of_passes(made(name).cuda(), images.cuda(), keys=KEYS, passes=PASSES)

    torch.testing.assert_close(found.cpu(), expected, rtol=1e-2, atol=1e-2)
