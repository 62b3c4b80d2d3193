"""The counterfactual on the reading desk: offered where core allows it, sent once it was asked for, beside its film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app import reading, resources
from core.data.pixels import sha256_of_pixels
from core.review import counterfactual

if TYPE_CHECKING:
    import numpy as np

    from core.review.reading_list import ReadingList
    from core.review.reads import CaseView

LOST = "The counterfactual of this film cannot be read as it was made; make it again with `translate`."


@dataclass(frozen=True, kw_only=True)
class OnDesk:
    """What the desk is given of a case's counterfactual."""

    panel: dict[str, Any] | None = None
    """What the panel offers or says; None: nothing is there."""
    film: dict[str, Any] | None = None
    """What the viewer sets beside the case's film, once it was asked for."""
    pixels: np.ndarray | None = None


def on_desk(found: ReadingList, view: CaseView, image_id: str) -> OnDesk:
    """Return what the desk is given of a case's counterfactual: nothing where the view holds none.

    Args:
        found: The list.
        view: The case as its reader may see it.
        image_id: The case's film.
    """
    told = view.counterfactual
    if told is None:
        return OnDesk()
    if not reading.asked(reading.COUNTERFACTUAL, view.case):
        offer = {"title": counterfactual.OFFER, "sentence": counterfactual.OFFERED}
        return OnDesk(panel={"state": "offer", **offer})
    film = found.row(image_id)
    made = counterfactual.of_film(resources.workspace(), found.worklist.dataset, film)
    pixels = None if made is None else resources.film_pixels({"path": made.path, "sha256": made.sha256})
    if pixels is None:
        return OnDesk(panel={"state": "none", "title": told["title"], "sentence": LOST})
    shown = counterfactual.beside(pixels, int(film["width"]), int(film["height"]))
    return OnDesk(
        panel={"state": "shown", "title": told["title"], "sentence": told["caption"].capitalize() + "."},
        film={
            "sha256": sha256_of_pixels(shown),
            **{name: told[name] for name in ("width", "height", "title", "caption", "mark")},
            "id": told["image_id"],
            "spacing_mm": None,
            "window": None,
            "lost": False,
            "counterfactual": True,
        },
        pixels=shown,
    )
