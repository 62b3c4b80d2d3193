"""`make clean`: says what it will remove, asks, and removes it."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def removable() -> list[tuple[Path, str]]:
    """Return what can be made again, or was made here, with what it is; only what exists."""
    found = [
        (ROOT / ".venv", "the installed packages"),
        (ROOT / "workspace", "data sets, predictions, reports, jobs and READS made in this folder"),
        *((path, "a trained checkpoint") for path in sorted((ROOT / "checkpoints").glob("*")) if path.is_dir()),
    ]
    return [(path, what) for path, what in found if path.exists()]


def main() -> int:
    """List, ask, remove; anything but `yes` removes nothing."""
    if (ROOT / "workspace" / "dashboard.json").exists():
        sys.stderr.write(
            "The dashboard seems to run; stop it with Ctrl-C first, or remove workspace/dashboard.json if not.\n"
        )
        return 2
    found = removable()
    if not found:
        sys.stdout.write("There is nothing to remove.\n")
        return 0
    sys.stdout.write("This removes, for good:\n")
    for path, what in found:
        sys.stdout.write(f"  {path.relative_to(ROOT)}: {what}\n")
    sys.stdout.write("Type yes to remove: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != "yes":
        sys.stdout.write("Nothing was removed.\n")
        return 0
    for path, _ in found:
        shutil.rmtree(path)
    sys.stdout.write("Removed.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
