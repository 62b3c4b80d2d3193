"""Everything that decides how a CycleGAN and a real-vs-synthetic classifier are trained; free of torch."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import Field

from core.base.config import Config

CYCLEGAN, ORIGIN = "cyclegan", "real-vs-synthetic"
TITLES = {CYCLEGAN: "CycleGAN", ORIGIN: "Real-vs-synthetic CNN"}


class PairOptions(Config):
    """What the CycleGAN learns from."""

    dataset: str
    """Data set whose films are learnt."""

    split: str
    """A split of kind "domain": its train part has films without finding (A) and films with a pneumothorax (B)."""


class NetworkOptions(Config):
    """What is trained."""

    model: Literal["cyclegan"] = "cyclegan"
    """Kind of network: two generators, A to B and B to A, and a discriminator for each domain."""

    image_size: int = Field(default=128, ge=32, le=512, multiple_of=16)
    """Side of the square images that are translated, in pixels; a multiple of 16."""

    width: int = Field(default=64, ge=4, le=128)
    """Channels of each network's first layer; the deeper ones have up to four (generator) or eight times as many."""

    blocks: int = Field(default=9, ge=6, le=9, multiple_of=3)
    """Residual blocks of a generator, 6 or 9: nine for images of 256 pixels and more."""

    upsampling: Literal["resize", "transposed"] = "resize"
    """How a generator grows its image: "resize" (nearest, then a convolution) leaves no chequerboard; "transposed"
    is the original paper's."""


class AdversarialOptions(Config):
    """How the networks learn."""

    steps: int = Field(default=20_000, ge=1, le=10_000_000)
    """Batches learnt from."""

    batch_size: int = Field(default=4, ge=1, le=256)
    """Films of each domain learnt from at once."""

    accumulate: int = Field(default=1, ge=1, le=64)
    """Batches whose gradients are added up before the weights move, for a device that holds small batches only."""

    learning_rate: float = Field(default=2e-4, gt=0, le=1)
    """Step of the weights (Adam, 0.5 and 0.999)."""

    decay_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the steps, at the end, in which the learning rate falls along a line; it is above zero in the last."""

    cycle_weight: float = Field(default=10.0, ge=0, le=1000)
    """How much it counts that there and back again gives the film that was translated."""

    identity_weight: float = Field(default=5.0, ge=0, le=1000)
    """How much it counts that a film of the wanted domain stays as it is."""

    pool_size: int = Field(default=50, ge=0, le=10_000)
    """Earlier translations kept of each domain, which a discriminator sees again half of the time; 0 none."""

    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    """Keep a running average of the generators' weights over the last 1 / (1 - decay) steps; 0 off."""

    seed: int = Field(default=0, ge=0, lt=2**31)
    """Number from which all that is random follows."""


class FollowingOptions(Config):
    """How the work is followed and kept; the weights do not depend on it."""

    sample_every_steps: int = Field(default=250, ge=1, le=1_000_000)
    """Steps after which the same films are translated, and realism is measured: the curve that says when to stop."""

    save_every_steps: int = Field(default=100, ge=1, le=100_000)
    """Steps after which the state is saved: most that a killed training has to do again."""


class CycleGanConfig(Config):
    """A CycleGAN training: what is learnt from, what is trained, and how."""

    networks: NetworkOptions = NetworkOptions()
    data: PairOptions
    learning: AdversarialOptions = AdversarialOptions()
    following: FollowingOptions = FollowingOptions()

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are the same for the same options."""
        return _fingerprint(self)


class OriginConfig(Config):
    """A real-vs-synthetic training: the simple CNN that learns to tell synthetic images from films, fairly matched."""

    model: Literal["real-vs-synthetic"] = "real-vs-synthetic"
    """Kind of classifier: it speaks of origin, not of disease."""

    synthetic: str
    """Data set of synthetic images, made by `translate`."""

    dataset: str | None = None
    """Data set of the films; left out, the one that was translated."""

    split: str | None = None
    """Split whose parts are kept apart; left out, the one that was translated."""

    epochs: int = Field(default=20, ge=1, le=1000)
    """Most times all images are gone through; the best on val's fold tune is kept."""

    batch_size: int = Field(default=32, ge=4, le=1024)
    """Images learnt from at once, as many synthetic as real."""

    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    """Largest step of the weights (AdamW), reached after the warm-up."""

    seed: int = Field(default=0, ge=0, lt=2**31)
    """Number from which all that is random follows."""

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are the same for the same options."""
        return _fingerprint(self)


def _fingerprint(config: Config) -> str:
    return hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode()).hexdigest()[:16]
