"""Makes `.venv` and installs what PleuraScope needs; run by any Python, says first what it costs.

Only the standard library is used here, in a form that an old Python can read, because the
first thing this script does is to tell an old Python that it is too old.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "pleurascope.json")
# Measured on Linux, where torch brings its GPU libraries; elsewhere it is a quarter of that.
DOWNLOAD_GB, DISK_GB, MINUTES = 3.0, 6.4, 3
DISK_NEEDED_GB = 8.0
SIGN_EVERY_S = 20
LISTS = {"--hospital": "requirements-hospital.txt", "--tests": "requirements-dev.txt"}


def python_of_venv() -> str:
    """Return the path of the environment's own Python."""
    folder = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, *folder)


def fitting_torch() -> "str | None":
    """Return the version of a torch that this Python has already and that fits, else None."""
    from importlib import metadata

    try:
        version = metadata.version("torch")
        metadata.version("torchvision")
    except metadata.PackageNotFoundError:
        return None
    numbers = tuple(int(part) for part in version.split("+")[0].split(".")[:2])
    return version if (2, 10) <= numbers < (3, 0) else None


def wanted(files: list) -> dict:
    """Return what the environment must have been made from: the lists' contents and this Python."""
    digest = hashlib.sha256()
    for name in [*files, "requirements.lock", "pyproject.toml"]:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return {"lists": digest.hexdigest(), "python": "%d.%d" % sys.version_info[:2]}


def standing() -> dict:
    """Return what the environment was made from, or an empty record."""
    if not os.path.exists(STAMP):
        return {}
    with open(STAMP) as file:
        return json.load(file)


def stands(files: list, record: dict) -> bool:
    """Tell whether the environment holds these lists, alone or together with others."""
    for key, made in record.items():
        there = key.split("+")
        if set(files) <= set(there) and made == wanted(there):
            return True
    return False


def install(files: list, wheels: "str | None" = None) -> int:
    """Bring the environment up to the lists; return 0, or 2 with a sentence when it cannot be done.

    With `wheels`, a folder, every package comes from there and no network is asked.
    """
    record = standing()
    if stands(files, record):
        return 0
    if wheels is not None and not any(name.endswith(".whl") for name in names_in(wheels)):
        return refuse(
            "Expected a folder of wheels at %s, found none there; fill it as deploy/README.md says, on a machine with "
            "a network." % wheels
        )
    torch = fitting_torch()
    fresh = not os.path.exists(python_of_venv())
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    needed_gb = 2.0 if torch or not fresh else DISK_NEEDED_GB
    if free_gb < needed_gb:
        return refuse(
            "Expected %.0f GB of free disk for the packages, found %.1f GB; free some and start again."
            % (needed_gb, free_gb)
        )
    say(what_it_costs(fresh, torch, wheels))
    if fresh and torch:
        say("Your torch %s is used." % torch)
    if fresh:
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.call([sys.executable, "-m", "venv", *(["--system-site-packages"] if torch else []), VENV])
        if made != 0:
            return refuse("Python could not make a virtual environment; on Debian: apt-get install python3-venv.")
    if run_with_signs_of_life(pip_words(files, torch, wheels)) != 0:
        return refuse("The packages could not be installed; read pip's lines above, then start again.")
    record["+".join(files)] = wanted(files)
    with open(STAMP, "w") as file:
        json.dump(record, file)
    say("Installed.")
    return 0


def what_it_costs(fresh: bool, torch: "str | None", wheels: "str | None") -> str:
    """Return the sentence that is said before anything is installed."""
    if not fresh:
        return "PleuraScope brings .venv up to date."
    what = "PleuraScope installs its packages into .venv"
    if wheels is not None:
        return "%s from %s: nothing to download, up to %.1f GB on disk." % (what, wheels, DISK_GB)
    if torch:
        return "%s: about 0.5 GB to download, 1.5 GB on disk, some 2 minutes." % what
    return (
        "%s: about %.0f GB to download (torch with its GPU libraries is most of it), %.1f GB on disk, usually %d "
        "minutes on a fast line." % (what, DOWNLOAD_GB, DISK_GB, MINUTES)
    )


def pip_words(files: list, torch: "str | None", wheels: "str | None") -> list:
    """Return the command that installs the lists."""
    words = [python_of_venv(), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    if wheels is not None:
        words += ["--no-index", "--find-links", wheels]
    limits = os.path.join(ROOT, "requirements.lock")
    if torch:  # the lock would replace the torch that is here
        limits = os.path.join(VENV, "torch.txt")
        with open(limits, "w") as file:
            file.write("torch==%s\n" % torch)
    for name in files:
        words += ["-r", name]
    return [*words, "-c", limits]


def run_with_signs_of_life(words: list) -> int:
    """Run a long command and say now and then that it still works; return its exit status."""
    process = subprocess.Popen(words, cwd=ROOT)
    began = time.time()
    while True:
        try:
            return process.wait(timeout=SIGN_EVERY_S)
        except subprocess.TimeoutExpired:
            say("  still installing, %d s so far" % (time.time() - began))


def names_in(folder: str) -> list:
    """Return the names in a folder; none where there is no such folder."""
    return os.listdir(folder) if os.path.isdir(folder) else []


def say(sentence: str) -> None:
    """Print a line at once."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def refuse(sentence: str) -> int:
    """Print why it cannot go on and return the exit status of bad input."""
    sys.stderr.write(sentence + "\n")
    return 2


def main() -> int:
    """Check this Python, then install.

    `--hospital` adds login, PostgreSQL and DICOM reports, `--tests` also what the tests need; `--wheels DIR` takes
    every package from a folder, without a network.
    """
    if sys.version_info[:2] < OLDEST:
        return refuse(
            "PleuraScope needs Python %d.%d or newer, this is %d.%d; install a newer one and start again."
            % (*OLDEST, *sys.version_info[:2])
        )
    words, files, wheels = sys.argv[1:], ["requirements.txt"], None
    while words:
        word = words.pop(0)
        if word in LISTS:
            files.append(LISTS[word])
        elif word == "--wheels" and words:
            wheels = os.path.abspath(words.pop(0))
        else:
            return refuse("Expected --hospital, --tests or --wheels DIR, found %r; leave it out or correct it." % word)
    return install(files, wheels)


if __name__ == "__main__":
    sys.exit(main())
