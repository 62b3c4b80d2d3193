"""What the README promises exists: make targets, commands and their options, pages, settings."""

import re
from pathlib import Path

import pytest

from app import navigation
from core.__main__ import COMMANDS
from core.base.config import Config
from core.base.paths import Settings
from core.commands import (
    arguments,
    backup,
    compare,
    demo,
    dose_response,
    ensemble,
    erase,
    evaluate,
    explain,
    index,
    labels,
    localisation,
    loop,
    phantom,
    predict,
    realism,
    restore,
    review,
    split,
    translate,
    triage,
)
from core.synthesis.config import CycleGanConfig
from core.training.config import TrainConfig

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGS: dict[str, type[Config]] = {
    "backup": backup.BackupArguments,
    "compare": compare.CompareArguments,
    "demo": demo.DemoArguments,
    "dose-response": dose_response.DoseResponseArguments,
    "ensemble": ensemble.EnsembleArguments,
    "erase": erase.EraseArguments,
    "evaluate": evaluate.EvaluateArguments,
    "explain": explain.ExplainArguments,
    "index": index.IndexArguments,
    "labels": labels.LabelsArguments,
    "localisation": localisation.LocalisationArguments,
    "loop": loop.LoopArguments,
    "phantom": phantom.PhantomArguments,
    "predict": predict.PredictArguments,
    "realism": realism.RealismArguments,
    "restore": restore.RestoreArguments,
    "review": review.ReviewArguments,
    "split": split.SplitArguments,
    "train": TrainConfig,
    "translate": translate.TranslateArguments,
    "triage": triage.TriageArguments,
}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z-]+)", README))))
def test_a_make_target_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_table_of_commands_is_the_list_of_commands():
    table = README.split("## Commands")[1].split("## Settings")[0]

    assert re.findall(r"^\| `([a-z-]+)` \|", table, flags=re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("line", re.findall(r"^python -m core (.+)$", README, flags=re.MULTILINE))
def test_the_options_of_a_shown_command_exist(line):
    command, *words = line.split()
    flags = {word.removeprefix("--").replace("-", "_") for word in words if word.startswith("--")}

    assert command in COMMANDS
    config = CycleGanConfig if words[0] == "cyclegan" else CONFIGS[command]
    assert flags <= set(arguments.flat_fields(config))


@pytest.mark.parametrize("path", re.findall(r"(?:^python|/python) ((?:app/|-m app\.)\S+)$", README, flags=re.MULTILINE))
def test_a_shown_script_exists(path):
    assert (ROOT / path.replace("-m app.", "app/").removesuffix(".py")).with_suffix(".py").exists()


def test_the_table_of_pages_is_the_navigation():
    table = README.split("## Pages")[1].split("## Commands")[0]
    titles = [title for entries in navigation.GROUPS.values() for _, title, _ in entries]

    assert re.findall(r"^\| ([A-Z]\w+) \|", table, flags=re.MULTILINE) == titles


def test_the_table_of_settings_is_the_settings():
    named = re.findall(r"^\| `PLEURASCOPE_(\w+)` \|", README, flags=re.MULTILINE)

    assert {name.lower() for name in named} == set(Settings.model_fields)


@pytest.mark.parametrize("picture", re.findall(r"!\[.*?\]\((.+?)\)", README))
def test_a_shown_picture_exists(picture):
    assert (ROOT / picture).exists()
