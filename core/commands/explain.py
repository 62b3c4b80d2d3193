"""`explain CHECKPOINT IMAGE`: what moved a checkpoint on one film, drawn, with the verdict whether to trust it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

import core
from core.base import files, progress
from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import pixels, radiographs, thumbnails
from core.figures import heat_map
from core.models import cards

if TYPE_CHECKING:
    from core.inference.explain import Explanation

FILM, MAP, TOLD = "film.png", "heatmap.png", "explain.json"
FURTHER = "heatmap-*.png"  # of an ensemble's members


class ExplainArguments(Config):
    """Draw what moved a checkpoint on one film, with the verdict whether to trust it.

    Writes film.png, heatmap.png (unless the map is zero everywhere; of an ensemble also one a member) and explain.json.
    """

    checkpoint: str = Field(description="Checkpoint id.")
    image: str = Field(description="An image file, or the image_id of an indexed film.")
    out: GivenPath = Field(description="Folder to write to.")
    dataset: str | None = Field(
        None, description="Data set of the film; without it, the only one that has it. Its films serve to check maps."
    )
    method: Literal["grad-cam", "grad-cam++", "hires-cam", "eigen-cam"] = Field(
        "grad-cam", description="How the map is made."
    )
    target: Literal["for", "against"] | None = Field(
        None, description="Evidence for or against a pneumothorax; without it, for the checkpoint's own call."
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(ExplainArguments, words, prog="python -m core explain", positional=("checkpoint", "image"))
    workspace = Workspace()
    if arguments.out.exists() and not arguments.out.is_dir():
        msg = f"Expected a folder for --out, found a file at {arguments.out}; name another."
        raise InputError(msg, field="out")
    card = cards.read_card(workspace, arguments.checkpoint)
    row, dataset = _row(workspace, arguments.image, arguments.dataset)
    progress.announce("Loading the libraries")
    from core.inference.explain import explanations  # torch: only now, so that bad input is told at once

    found = explanations(
        workspace,
        arguments.checkpoint,
        row,
        method=arguments.method,
        target=arguments.target,
        dataset=dataset,
    )
    main = max(found, key=lambda one: one.weight or 0.0)
    _write(arguments.out, found, main, card=card, row=row, dataset=dataset)
    made = {
        "checkpoint_id": arguments.checkpoint,
        "image_id": main.image_id,
        "verdict": main.verdict,
        "out": str(arguments.out),
    }
    return Outcome(summary=_summary(found, arguments.out), made=made)


def _row(workspace: Workspace, image: str, dataset: str | None) -> tuple[dict[str, Any], str | None]:
    """Return what is known of the film, as a row of the radiographs table, and whose data set's films it goes with."""
    if dataset is None and Path(image).is_file():
        return _of_file(Path(image)), None
    names = radiographs.dataset_names(workspace) if dataset is None else [dataset]
    found = {}
    for name in names:
        table = radiographs.load(workspace, name)
        rows = table[table["image_id"] == image]
        if len(rows):
            found[name] = rows.iloc[0].to_dict()
    if len(found) > 1:
        msg = f"Expected --dataset, as {image!r} stands in {' and '.join(found)}; name one of them."
        raise InputError(msg, field="dataset")
    if found:
        name, row = found.popitem()
        return row, name
    if Path(image).is_file():
        return _of_file(Path(image)), dataset
    place = "any data set" if dataset is None else f"data set {dataset!r}"
    msg = f"Expected an image file or an image_id of {place}, found neither for {image!r}; check its spelling."
    raise InputError(msg, field="image")


def _of_file(path: Path) -> dict[str, Any]:
    try:
        decoded = pixels.decode(path)
    except pixels.UnreadableImage as error:
        msg = f"Expected a readable film in {path.name}, found: {error.reason}; choose another file."
        raise InputError(msg, field="image") from None
    sha256 = pixels.sha256_of_pixels(decoded.pixels)
    # A file's name may be a patient's; the pixels name the film.
    return {"image_id": f"film-{sha256[:12]}", "path": str(path), "sha256": sha256, "source": decoded.source}


def _write(
    out: Path,
    found: list[Explanation],
    main: Explanation,
    *,
    card: dict[str, Any],
    row: dict[str, Any],
    dataset: str | None,
) -> None:
    """Write the pictures, then what they are; maps of an earlier call that this one does not have go."""
    mark = thumbnails.MARKS.get(row["source"])
    film = pixels.read_pixels(Path(row["path"]))
    drawn = {}
    if len(found) > 1:
        drawn = {f"heatmap-{number}-{one.model}.png": one for number, one in enumerate(found, start=1)}
    drawn |= {MAP: main}
    kept = {name: one for name, one in drawn.items() if one.verdict != "empty"}
    files.write_bytes(out / FILM, heat_map.film_png(film, mark=mark))
    for name, one in kept.items():
        files.write_bytes(out / name, heat_map.overlay_png(film, one.heat_map, mark=mark))
    for old in {*out.glob(FURTHER), out / MAP} - {out / name for name in kept}:
        old.unlink(missing_ok=True)
    names = {id(one): name for name, one in reversed(drawn.items()) if name in kept}
    told = {
        "checkpoint_id": card["checkpoint_id"],
        "weights_sha256": card["weights_sha256"],
        "image_id": main.image_id,
        "image_sha256": main.image_sha256,
        "source": row["source"],
        "dataset": dataset,
        "verdict": main.verdict,
        "reasons": main.reasons,
        "caption": heat_map.CAPTION.format(rows=main.grid[0], columns=main.grid[1]),
        "maps": [{"file": names.get(id(one))} | one.to_dict() for one in found],
        "version": core.__version__,
    }
    files.write_json(out / TOLD, told)


def _summary(found: list[Explanation], out: Path) -> str:
    lines = []
    for one in found:
        weight = "" if one.weight is None else f", weight {one.weight:.2f}"
        cut = "no cut" if one.cut is None else f"cut {one.cut:.2f}"
        lines.append(
            f"{one.title} ({one.checkpoint_id[-8:]}{weight}): probability {one.probability:.2f} ({cut}); {one.method} "
            f"{one.target} a pneumothorax on a grid of {one.grid[0]} x {one.grid[1]}: {one.verdict}."
        )
        lines += [f"  {reason}" for reason in one.reasons]
    return "\n".join([*lines, f"Written to {out}."])
