"""The kinds of training that the form offers: each one's config, what stands first, what is folded, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.base.config import Config, is_group
from core.commands.arguments import flat_fields
from core.models.registry import CLASSIFIERS, ENSEMBLE
from core.models.registry import TITLES as CLASSIFIER_TITLES
from core.synthesis.config import CYCLEGAN, ORIGIN, CycleGanConfig, OriginConfig
from core.synthesis.config import TITLES as SYNTHESIS_TITLES
from core.training.config import SyntheticOptions, TrainConfig

if TYPE_CHECKING:
    from typing import Any

    from pydantic.fields import FieldInfo

MODEL = "model"
TITLES = CLASSIFIER_TITLES | SYNTHESIS_TITLES
SYNTHETIC = tuple(SyntheticOptions.model_fields)  # of a classifier; without synthetic images they ask nothing
ABOUT = {
    CYCLEGAN: "Two networks learn from unpaired films to translate No Finding to pneumothorax, and back. What they "
    "draw is invented: it may add or remove disease.",
    ORIGIN: "A simple CNN learns to tell synthetic images from films, as many of each: the worse it can, the more "
    "alike they are. It says nothing of disease.",
}
MEANINGS = "  \n".join(
    [
        *(f"{info.title}: {info.summary}" for info in CLASSIFIERS.values()),
        f"{TITLES[ENSEMBLE]}: several trained classifiers, their probabilities weighted and added.",
        *(f"{TITLES[name]}: {text}" for name, text in ABOUT.items()),
    ]
)
LABELS = {
    "dataset": "Data set",
    "checkpoints": "Members",
    "vit_size": "Transformer size",
    "weights": "Starting weights",
    "drop_rate": "Dropout",
    "head_only": "Learn the head only",
    "warmup_share": "Warm-up",
    "clip_norm": "Longest gradient",
    "ema_decay": "Running average of the weights",
    "rotation_degrees": "Rotation",
    "shift_share": "Shift",
    "scale_share": "Change of size",
    "horizontal_flip": "Mirror films",
    "quality_share": "Films that teach quality",
    "save_every_steps": "Steps between two saves",
    "compile": "Compile the network",
    "synthetic": "Synthetic images",
    "synthetic_share": "Synthetic for each real positive",
    "synthetic_classes": "Classes that are added",
    "max_cycle_error": "Largest error there and back",
    "min_probability_shift": "Least shift of the probability",
    "min_change_in_lung": "Least share of the change in the lung",
    "width": "Channels of the first layer",
    "blocks": "Residual blocks",
    "accumulate": "Batches added up",
    "decay_share": "Share with a falling rate",
    "cycle_weight": "Weight of there and back",
    "identity_weight": "Weight of staying the same",
    "pool_size": "Earlier translations kept",
    "sample_every_steps": "Steps between two looks",
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the form asks for one kind of training."""

    config: type[Config]
    prefix: str
    """Of the keys of its fields, so that each kind keeps its own values."""
    shared: tuple[str, ...]
    """Fields whose choice stays when the kind is changed."""
    learnt_from: tuple[str, ...]
    """Fields that say what is learnt from; they come first."""
    first: tuple[str, ...]
    """The useful options, which come next."""
    folded: dict[str, tuple[str, ...]]
    """The rest, by the title of its group."""

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """All options by name."""
        return flat_fields(self.config)

    def key(self, name: str) -> str:
        """Return the key of a field in the session state."""
        return f"training.{name}" if name in self.shared else f"training.{self.prefix}{name}"


def of(model: str) -> Kind:
    """Return the kind of training that makes a model; an ensemble has the data and the split of a classifier."""
    return {CYCLEGAN: TRANSLATOR, ORIGIN: TELLER}.get(model, CLASSIFIER)


def task(options: dict[str, Any]) -> str:
    """Return what a training with these options learns: runs of one task can be compared."""
    model = options.get(MODEL)
    return str(model) if model in SYNTHESIS_TITLES else "classifier"


def learnt(options: dict[str, Any]) -> Any:  # noqa: ANN401 (the name, or what an old job holds)
    """Return the name of the data set that a training with these options learns from."""
    return options.get("synthetic") if options.get(MODEL) == ORIGIN else options.get("dataset")


def label(name: str) -> str:
    """Return what an option is called on the page.

    Examples:
        >>> label("batch_size"), label("ema_decay")
        ('Batch size', 'Running average of the weights')
    """
    return LABELS.get(name, name.replace("_", " ").capitalize())


def _folded(config: type[Config], titles: dict[str, str], shown: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the options that are not shown already by the title of their group."""
    found = {}
    for group_name, title in titles.items():
        group = config.model_fields[group_name].annotation
        assert is_group(group)  # noqa: S101 (its options have a title)
        found[title] = tuple(name for name in group.model_fields if name not in shown)  # type: ignore[union-attr]
    return found


_CLASSIFIER_FIRST = ("image_size", "epochs", "batch_size", "learning_rate", "weights", "seed")
CLASSIFIER = Kind(
    config=TrainConfig,
    prefix="",
    shared=(),
    learnt_from=("dataset", "split", "labels"),
    first=_CLASSIFIER_FIRST,
    folded=_folded(
        TrainConfig,
        {
            "architecture": "Classifier",
            "optimisation": "Learning",
            "augmentation": "Random changes of films",
            "synthesis": "Synthetic images",
            "execution": "This machine",
        },
        (MODEL, *_CLASSIFIER_FIRST),
    ),
)
_TRANSLATOR_FIRST = ("image_size", "width", "blocks", "steps", "batch_size", "learning_rate", "seed")
TRANSLATOR = Kind(
    config=CycleGanConfig,
    prefix="cyclegan.",
    shared=(MODEL, "dataset"),
    learnt_from=("dataset", "split"),
    first=_TRANSLATOR_FIRST,
    folded=_folded(
        CycleGanConfig,
        {"networks": "Networks", "learning": "Learning", "following": "Following and saving"},
        (MODEL, *_TRANSLATOR_FIRST),
    ),
)
TELLER = Kind(
    config=OriginConfig,
    prefix="origin.",
    shared=(MODEL,),
    learnt_from=("synthetic",),
    first=("epochs", "batch_size", "learning_rate", "seed"),
    folded={"Whose films": ("dataset", "split")},
)
