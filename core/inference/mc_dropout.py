"""MC dropout: what a classifier says when parts of it are left out at random, many times, for the same film.

Which parts a pass leaves out follows from the film's own key, the pass and a seed, so an answer does
not depend on the other films of its batch, on their order or on the device. Only dropout layers act;
everything else, batch norm above all, is as in prediction. The shared classifier is never changed:
the passes run on a copy of its modules that holds the same weights.

References:
    Gal, Ghahramani, "Dropout as a Bayesian Approximation: Representing Model Uncertainty in Deep
    Learning", ICML 2016.
"""

from __future__ import annotations

import copy
import hashlib
from collections import Counter, OrderedDict
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from core.base.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from core.models.contract import Classifier

PASSES = 30
FEWEST, MOST = 2, 1000  # passes; one has no spread
TRIAL = 32  # pixels; every classifier takes images of this size

Dropout: TypeAlias = nn.Dropout | nn.Dropout1d | nn.Dropout2d | nn.Dropout3d
M = TypeVar("M", bound=nn.Module)


class _KeyedDropout(nn.Module):
    """Dropout whose masks follow from a film's key; it stands in the place of one layer."""

    def __init__(self, layer: Dropout, *, number: int, keys: Sequence[str], passes: int, seed: int) -> None:
        super().__init__()
        self.p = layer.p
        self.whole_channels = not isinstance(layer, nn.Dropout)
        self.number, self.keys, self.passes, self.seed = number, keys, passes, seed
        self.masks: list[Tensor] = []  # (T, B, ...) bool, one for each time it is called in a pass
        self.begin(0)

    def begin(self, at: int) -> None:
        """Take the masks of another pass from here on."""
        self.at, self.calls = at, 0

    def forward(self, inputs: Tensor) -> Tensor:
        """Return inputs `(B, ...)` with some of their values, or of their channels, at 0 and the others scaled up."""
        if len(inputs) != len(self.keys):
            msg = f"Expected {len(self.keys)} films along the first axis of dropout, got shape {tuple(inputs.shape)}"
            raise ValueError(msg)
        if self.calls == len(self.masks):
            self.masks.append(self._drawn(inputs.shape).to(inputs.device))
        kept = self.masks[self.calls][self.at]
        self.calls += 1
        return inputs * kept * (1 / (1 - self.p) if self.p < 1 else 1.0)

    def _drawn(self, shape: torch.Size) -> Tensor:
        """Return what each pass keeps of each film `(T, B, ...)`; a smaller T has the first passes of a larger one."""
        each = shape[1:]
        if self.whole_channels:
            each = torch.Size([each[0], *[1] * (len(each) - 1)])
        kept = np.empty((self.passes, len(self.keys), *each), dtype=bool)
        for film, key in enumerate(self.keys):
            words = f"{self.seed} {self.number} {self.calls} {key}".encode()
            generator = np.random.default_rng(int.from_bytes(hashlib.sha256(words).digest()))
            kept[:, film] = generator.random((self.passes, *each), dtype=np.float32) >= self.p
        return torch.from_numpy(kept)


def refuse_without_dropout(classifier: Classifier) -> None:
    """Refuse a classifier whose passes would all be alike.

    Raises:
        InputError: If it has no dropout layer, or all of them leave nothing out.
    """
    if not _active(classifier):
        layers = sum(isinstance(module, Dropout) for module in classifier.modules())
        raise _without_dropout(classifier, f"{layers} dropout layers, all with p = 0" if layers else "no dropout layer")


def logits_of_passes(
    classifier: Classifier, images_or_features: Tensor, *, keys: Sequence[str], passes: int, seed: int = 0
) -> Tensor:
    """Return the logits `(T, B)` of T passes with dropout at work.

    Where dropout acts in the head only, the backbone runs once. Elsewhere, what completed before
    the first dropout layer runs once, and the rest T times; the masks of all passes of such a layer
    are held at once, a byte a value. Only `nn.Dropout`, `1d`, `2d` and `3d` are seen: dropout that
    is called as a function, or is part of another module such as an LSTM, stays off.

    Args:
        classifier: The classifier, on any device; neither its mode nor anything else of it changes,
            so threads may share it.
        images_or_features: Images `(B, 1, H, W)`, or their features `(B, F)` where dropout acts in
            the head only.
        keys: Of each film what its masks follow from, B of them: the `sha256` of its pixels.
        passes: How many passes, T, from 2 to 1000. Fewer passes are the first of more.
        seed: Gives other masks.

    Raises:
        InputError: If there is no active dropout on the way to the logit, or too few or many passes.
        ValueError: If there is not one key a film, or features are given where dropout acts before them.
    """
    refuse_without_dropout(classifier)
    _refuse_passes(passes)
    if len(keys) != len(images_or_features):
        msg = f"Expected a key for each of {len(images_or_features)} films, got {len(keys)}"
        raise ValueError(msg)
    are_features = images_or_features.ndim == 2
    with torch.inference_mode():
        completed = _completed_before_dropout(classifier, images_or_features)
        if completed is None:
            features = images_or_features
            if not are_features:
                evaluated = _twin(classifier, {}) if any(one.training for one in classifier.modules()) else classifier
                features = evaluated.features(images_or_features)
            heads = keyed_heads(classifier, keys=keys, passes=passes, seed=seed)
            return torch.stack([head(features) for head in heads])
        if are_features:
            msg = f"Expected images, as dropout acts before the features of {_named(classifier)}, got features"
            raise ValueError(msg)
        layers = _keyed(classifier, keys=keys, passes=passes, seed=seed)
        twin = _twin(classifier, layers)
        outputs: dict[str, Tensor] = {}
        for name in completed:
            _compute_once(twin, name, outputs)
        logits = [_of_pass(twin, layers, at, images_or_features) for at in range(passes)]
        outputs.clear()  # the twin refers to itself, so it may live on for a while
        return torch.stack(logits)


def keyed_heads(
    classifier: Classifier, *, keys: Sequence[str], passes: int, seed: int = 0
) -> Iterator[Callable[[Tensor], Tensor]]:
    """Give for each pass its head, from features `(B, F)` to logits `(B,)`, with the masks of `logits_of_passes`.

    Each may be called in any order and again, always with the same masks, by one thread at a time.
    Gradients flow through it. Dropout before the features is no part of it.

    Raises:
        InputError: If the head has no active dropout, or there are too few or many passes.
    """
    _refuse_passes(passes)
    layers = _keyed(classifier, keys=keys, passes=passes, seed=seed)
    inside = {id(module) for module in classifier.head.modules()}
    layers = {layer: keyed for layer, keyed in layers.items() if layer in inside}
    if not layers:
        raise _without_dropout(classifier, "none on the way to its logit")
    head = _twin(classifier.head, layers)
    return (partial(_of_pass, head, layers, at) for at in range(passes))


def _refuse_passes(passes: int) -> None:
    if not FEWEST <= passes <= MOST:
        msg = f"Expected {FEWEST} to {MOST} passes, found {passes}; choose a number among them, as {PASSES}."
        raise InputError(msg, field="passes")


def _named(classifier: Classifier) -> str:
    return type(classifier).__name__


def _without_dropout(classifier: Classifier, found: str) -> InputError:
    msg = (
        f"Expected active dropout for passes through {_named(classifier)}, found {found}; predict it with "
        f"--passes 0, or train it with a drop rate above 0."
    )
    return InputError(msg, field="passes")


def _active(classifier: Classifier) -> list[Dropout]:
    """Return the dropout layers that leave something out, in the classifier's own order."""
    return [module for module in classifier.modules() if isinstance(module, Dropout) and module.p > 0]


def _keyed(classifier: Classifier, *, keys: Sequence[str], passes: int, seed: int) -> dict[int, _KeyedDropout]:
    """Return what stands in the place of each active dropout layer, by the layer's `id`."""
    return {
        id(layer): _KeyedDropout(layer, number=number, keys=keys, passes=passes, seed=seed)
        for number, layer in enumerate(_active(classifier))
    }


def _twin(module: M, layers: dict[int, _KeyedDropout]) -> M:
    """Return a copy of a module in eval mode that holds the same weights, some of its layers replaced."""
    memo: dict[int, Any] = {id(tensor): tensor for tensor in chain(module.parameters(), module.buffers())}
    for part in module.modules():
        # Hooks come and go in other threads; walking through theirs, as deepcopy does, could fail.
        memo |= {id(hooks): hooks.copy() for hooks in vars(part).values() if isinstance(hooks, OrderedDict)}
    twin: M = copy.deepcopy(module, memo | layers)
    return twin.eval()


def _of_pass(module: nn.Module, layers: dict[int, _KeyedDropout], at: int, inputs: Tensor) -> Tensor:
    for layer in layers.values():
        layer.begin(at)
    outputs: Tensor = module(inputs)
    return outputs


def _completed_before_dropout(classifier: Classifier, like: Tensor) -> list[str] | None:
    """Return the largest submodules that complete before dropout first acts on the way to the features.

    None where it does not act there. A trial on one small empty image tells; only modules that are
    called once count, as a second call may be given something else.
    """
    inside = {id(module) for module in classifier.head.modules()}
    before = {id(layer) for layer in _active(classifier)} - inside
    if not before:
        return None
    names = {id(module): name for name, module in classifier.named_modules()}
    dropout = {names[layer] for layer in before}
    twin = _twin(classifier, {})
    order: list[tuple[str, bool]] = []  # in which they complete, and whether with a tensor of their own

    def note(name: str, _module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        # One that hands on what it was given may have written into it, which must happen each time.
        given = {one.untyped_storage().data_ptr() for one in inputs if isinstance(one, Tensor)}
        order.append((name, isinstance(output, Tensor) and output.untyped_storage().data_ptr() not in given))

    for name, module in twin.named_modules():
        module.register_forward_hook(partial(note, name))
    twin.features(like.new_zeros(1, 1, TRIAL, TRIAL))
    first = next((at for at, (name, _) in enumerate(order) if name in dropout), None)
    if first is None:
        return None
    calls = Counter(name for name, _ in order)
    once = {name for name, has_own in order[:first] if has_own and calls[name] == 1}
    return [name for name in once if not any(name.startswith(f"{other}.") for other in once)]


def _compute_once(twin: nn.Module, name: str, outputs: dict[str, Tensor]) -> None:
    """Let a submodule compute at its first call only; later ones get what it gave then."""
    module = twin.get_submodule(name)
    compute = module.forward

    def forward(*inputs: object, **options: object) -> Tensor:
        if name not in outputs:
            outputs[name] = compute(*inputs, **options)
        return outputs[name].clone()  # what follows may write into what it is given

    module.forward = forward
