"""What the training form asks for, checked before it starts: the job, or the reason why it cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import resources
from app.training_kinds import CLASSIFIER, TELLER, TITLES, TRANSLATOR
from core.base.errors import InputError
from core.base.paths import ROOT
from core.data import learnable, radiographs, split_store, synthetic, truth
from core.models import members
from core.models.registry import ENSEMBLE, WEIGHTS
from core.synthesis import domains, origin_films
from core.synthesis.config import CYCLEGAN, ORIGIN, CycleGanConfig, OriginConfig
from core.training.config import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from core.base.config import Config

Read = tuple[tuple[str, int], ...]  # files and their times: the key of what is cached about them


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A job as the form asks for it."""

    title: str
    """What a person reads."""
    arguments: list[str]
    """The words after `python -m core`."""
    training: Config | None = None
    """The options, where it is a training."""


def wanted_training(options: dict[str, Any]) -> Wanted:
    """Return the training of a classifier that has these options.

    Args:
        options: Of a `TrainConfig`, flat.

    Raises:
        InputError: If it cannot work; `field` names the option at fault.
    """
    dataset, split = options["dataset"], options["split"]
    _require(_unfit, dataset, split, options["labels"])
    weights = options["weights"]
    if weights not in WEIGHTS and not (ROOT / Path(weights).expanduser()).is_file():
        msg = f"Expected {', '.join(WEIGHTS)} or the name of a .safetensors file, found no file {weights!r}."
        raise InputError(msg, field="weights")
    config = TrainConfig.from_dict(options)
    kind, added = config.architecture, config.synthesis.synthetic
    if added is not None:
        synthetic.usable(
            resources.workspace(),
            added,
            dataset=dataset,
            split=resources.split(dataset, split),
            classes=config.synthesis.synthetic_classes,
        )
    beside = "" if added is None else f" and {added.replace(',', ' and ')}"
    title = f"Train {TITLES[kind.model]}, {kind.image_size} px, on {dataset}/{split}{beside}"
    return Wanted(title=title, arguments=["train"], training=config)


def wanted_translator(options: dict[str, Any]) -> Wanted:
    """Return the training of a CycleGAN that has these options, those of a `CycleGanConfig`, flat.

    Raises:
        InputError: If it cannot work; `field` names the option at fault.
    """
    dataset, split = options["dataset"], options["split"]
    _require(_unfit_domains, dataset, split)
    config = CycleGanConfig.from_dict(options)
    title = f"Train {TITLES[CYCLEGAN]}, {config.networks.image_size} px, on {dataset}/{split}"
    return Wanted(title=title, arguments=["train"], training=config)


def wanted_teller(options: dict[str, Any]) -> Wanted:
    """Return the training of a real-vs-synthetic classifier that has these options, those of an `OriginConfig`.

    Raises:
        InputError: If it cannot work; `field` names the option at fault.
    """
    config = OriginConfig.from_dict(options)
    place = resources.workspace()
    card = synthetic.card(place, config.synthetic)
    split = place.split(card.dataset, config.split or card.split)
    tables = (place.radiographs(config.synthetic), place.radiographs(card.dataset), place.synthetic_card(card.name))
    read = _times(*tables, split, split.with_suffix(".json"))
    reason = _unfit_images(config.synthetic, config.dataset, config.split, read)
    if reason is not None:
        raise InputError(reason[0], field=reason[1])
    title = f"Train {TITLES[ORIGIN]} on {config.synthetic}"
    return Wanted(title=title, arguments=["train"], training=config)


WANTED = {
    CLASSIFIER.prefix: wanted_training,
    TRANSLATOR.prefix: wanted_translator,
    TELLER.prefix: wanted_teller,
}


def wanted_ensemble(dataset: str, split: str, checkpoints: Sequence[str], *, fusion: str) -> Wanted:
    """Return the job that fuses classifiers of a split.

    Args:
        dataset: Name of the data set.
        split: Name of the split.
        checkpoints: Ids of the members.
        fusion: How the members are weighted.

    Raises:
        InputError: If it cannot work; `field` names the option at fault.
    """
    _require(_unfit, dataset, split, truth.REPORT)
    members.chosen(resources.workspace(), checkpoints, dataset, split)
    return Wanted(
        title=f"Fuse {len(checkpoints)} classifiers on {dataset}/{split}",
        arguments=[ENSEMBLE, *checkpoints, "--dataset", dataset, "--split", split, "--fusion", fusion],
    )


def _require(check: Callable[..., str | None], dataset: str, split: str, *further: str) -> None:
    """Refuse a split for the reason that a check gives; the files it reads and their times are the cache's key."""
    place = resources.workspace()
    table = place.split(dataset, split)
    read = _times(place.radiographs(dataset), place.truth(dataset), table, table.with_suffix(".json"))
    reason = check(dataset, split, *further, read)
    if reason is not None:
        raise InputError(reason, field="split")


@st.cache_data(max_entries=32, show_spinner=False)
def _unfit(dataset: str, split: str, labels: str, read: Read) -> str | None:
    """Say why a classifier cannot learn from a split, or None."""
    place = resources.workspace()
    try:
        films = _films(dataset, split)
        known = films["image_id"].map(truth.labels(place, dataset, labels))
        learnable.refuse(films.assign(label=known), split)
    except InputError as error:
        return str(error)
    return None


@st.cache_data(max_entries=32, show_spinner=False)
def _unfit_domains(dataset: str, split: str, read: Read) -> str | None:
    """Say why a CycleGAN cannot learn from a split by domain, or None."""
    try:
        domains.films(resources.workspace(), dataset, split)
    except InputError as error:
        return str(error)
    return None


@st.cache_data(max_entries=32, show_spinner=False)
def _unfit_images(name: str, dataset: str | None, split: str | None, read: Read) -> tuple[str, str | None] | None:
    """Say why a classifier of origin cannot learn, and the option at fault, or None."""
    try:
        origin_films.refuse_unusable(origin_films.gather(resources.workspace(), name, dataset=dataset, split=split))
    except InputError as error:
        return str(error), error.field
    return None


def _times(*paths: Path) -> Read:
    return tuple((str(path), path.stat().st_mtime_ns if path.exists() else 0) for path in paths)


def _films(dataset: str, split: str) -> pd.DataFrame:
    """Return the films of a sound split with the kind of each.

    Raises:
        InputError: If the data set has no images, or the split is not sound.
    """
    place = resources.workspace()
    table = radiographs.load(place, dataset)
    radiographs.require_images(table, dataset)
    split_store.require_sound(place, dataset, split)
    return split_store.load(place, dataset, split).merge(table[["image_id", "source"]], on="image_id")
