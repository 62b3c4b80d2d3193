"""How much training may change a film; free of torch, since the sidebar form is made from it."""

from __future__ import annotations

from pydantic import Field

from core.base.config import Config


class AugmentationRanges(Config):
    """How far training films are moved and changed at random; 0 switches a change off."""

    rotation_degrees: float = Field(default=10.0, ge=0, le=45)
    """Largest rotation to either side, in degrees."""

    shift_share: float = Field(default=0.05, ge=0, le=0.5)
    """Largest shift in each direction, as a share of the image's side."""

    scale_share: float = Field(default=0.1, ge=0, le=0.5)
    """Largest change of size: 0.1 means 10 % smaller to 10 % larger."""

    brightness: float = Field(default=0.1, ge=0, le=1)
    """Largest change of brightness, as a share of the grey range from black to white."""

    contrast: float = Field(default=0.2, ge=0, le=0.9)
    """Largest change of contrast: 0.2 means 20 % weaker to 20 % stronger."""

    noise: float = Field(default=0.02, ge=0, le=0.5)
    """Largest standard deviation of added noise, as a share of the grey range."""

    horizontal_flip: bool = False
    """Mirror half of the films. Off, because the side is part of the finding."""

    quality_share: float = Field(default=0.25, ge=0, le=1)
    """Share of the films from which image quality is learnt: half of them as they are, half spoilt by known amounts.
    The others are changed at random like all films, and teach the label only."""
