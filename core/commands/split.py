"""`split DATASET`: divide a data set's patients, and certify that nothing leaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import radiographs, split_store
from core.data.pixel_cache import PixelCache

THUMBNAIL_SIDE = 64  # pixels, at which look-alikes are searched for


class SplitArguments(Config):
    """Divide a data set's patients into train, val and test, and write the certificate."""

    dataset: str = Field(description="Data set to divide.")
    kind: Literal["patient", "official", "balanced", "small", "domain"] = Field(description="Kind of split.")
    name: str = Field(description="Name of the new split.")
    seed: int = Field(0, ge=0, description="The same seed gives the same assignment of patients, for every kind.")
    share: float = Field(0.2, gt=0, le=1, description="For small: the share of patients that stays.")
    strict: bool = Field(False, description="Films that look alike across parts fail the audit instead of warning.")
    negatives: Literal["all", "no-finding"] = Field("all", description="For balanced: which films count as negative.")
    labels: str | None = Field(
        None, description="Source of labels, for a data set whose own table knows none; train with the same."
    )
    train_list: GivenPath | None = Field(None, description="For official: file with a train film's name a line.")
    val_list: GivenPath | None = Field(None, description="For official: file with the val films' names.")
    test_list: GivenPath | None = Field(None, description="For official: file with the test films' names.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(SplitArguments, words, prog="python -m core split", positional=("dataset",))
    _refuse_idle_options(arguments)
    workspace = Workspace()
    if workspace.synthetic_card(arguments.dataset).exists():
        msg = (
            f"Expected a data set of films to divide, found {arguments.dataset!r}, whose images are synthetic and keep "
            "their parents' parts; let a training learn them with `train MODEL --synthetic`."
        )
        raise InputError(msg, field="dataset")
    certificate = split_store.create(
        workspace,
        arguments.dataset,
        arguments.name,
        arguments.kind,
        seed=arguments.seed,
        share=arguments.share,
        negatives=arguments.negatives,
        train_list=_names(arguments.train_list),
        val_list=_names(arguments.val_list),
        test_list=_names(arguments.test_list),
        strict=arguments.strict,
        labels=arguments.labels,
        thumbnails=_thumbnails(workspace, arguments.dataset),
    )
    return Outcome(
        summary=_summary(arguments, certificate),
        made={"dataset": arguments.dataset, "split": arguments.name, "certificate": certificate},
    )


def _refuse_idle_options(arguments: SplitArguments) -> None:
    """Refuse options that this kind of split would not look at, rather than ignore them."""
    homes = {"share": "small", "negatives": "balanced"} | dict.fromkeys(
        ("train_list", "val_list", "test_list"), "official"
    )
    for name, kind in homes.items():
        if name in arguments.model_fields_set and getattr(arguments, name) is not None and arguments.kind != kind:
            flag = "--" + name.replace("_", "-")
            msg = f"Expected {flag} with --kind {kind} only, found it with --kind {arguments.kind}; leave it out."
            raise InputError(msg)


def _thumbnails(workspace: Workspace, dataset: str) -> Any:  # noqa: ANN401 (a function, or None)
    """Return what gives the films at thumbnail size, or None for a data set without images."""
    table = radiographs.load(workspace, dataset)
    if table["path"].isna().any():
        return None
    cache: list[PixelCache] = []

    def read(image_ids: list[str]) -> np.ndarray:
        if not cache:
            cache.append(PixelCache.ensure(workspace, table, size=THUMBNAIL_SIDE))
        return cache[0].read(cache[0].rows_of(image_ids))

    return read


def _names(path: Path | None) -> list[str] | None:
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"Expected a text file with a film's name a line, found none that can be read at {path.name!r} ({error})."
        raise InputError(msg) from None
    return [line.strip() for line in lines if line.strip()]


def _summary(arguments: SplitArguments, certificate: dict[str, Any]) -> str:
    lines = [f"Split {arguments.name!r} ({arguments.kind}) of {arguments.dataset!r}:"]
    for part, counts in certificate["parts"].items():
        lines.append(
            f"  {part:<6} {counts['films']:>7} films of {counts['patients']:>6} patients, "
            f"{counts['positive_films']:>5} positive"
        )
    audit = certificate["audit"]
    lines.append("  no leak found" if audit["passed"] else "  AUDIT FAILED: training will refuse this split")
    lines += [f"  {told}" for told in [*audit["failures"], *audit["warnings"]]]
    return "\n".join(lines)
