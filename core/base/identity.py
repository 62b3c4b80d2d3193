"""Names that lead to nobody: keyed hashes of what a DICOM file or an intake says of a patient and an image.

The key lies beside the audit key, outside the workspace, so whoever has the workspace alone cannot try out
names. Without the key the same patient gets another pseudonym: it is to be kept as the audit key is. A way back
exists only where a hospital asks for it by `PLEURASCOPE_LOOKUP_FILE`. A workspace remembers by a hash which key its
pseudonyms were made with, and takes no other: it would put one patient under two names, and on both sides of a split.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import os
import re
import stat
from pathlib import Path

from filelock import FileLock

from core.base import files, secret
from core.base.errors import InputError
from core.base.paths import Workspace

DIGITS = 24  # hexadecimal, of a keyed hash: 96 bits
COLUMNS = ("pseudonym", "patient", "issuer")
MARK = "identity.mark"  # in the workspace: the hash of the key by which its pseudonyms were made
_LOST = "put back your copy of it, since a new key gives every patient another pseudonym"


class Pseudonyms:
    """Gives pseudonyms, the same for the same patient or file; keeps the way back only where it is asked for.

    Raises:
        InputError: If the key cannot be made or used or is not that of the workspace's pseudonyms, or the file of the
            way back would lie in the workspace or can be read by others.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._lookup = workspace.lookup_file
        if self._lookup is not None and self._lookup.resolve().is_relative_to(workspace.root):
            msg = (
                f"Expected PLEURASCOPE_LOOKUP_FILE outside the workspace {workspace.root}, found it inside; "
                "keep what leads back to patients apart from their films."
            )
            raise InputError(msg)
        if self._lookup is not None:
            _check_private(self._lookup)
        self._key = _key(key_file(workspace), workspace.root / MARK)
        self._patients: dict[str, tuple[str, str]] = {}

    def image(self, content: bytes, uid: str = "") -> str:
        """Return an image's id: of its file's bytes and, in DICOM, its SOPInstanceUID."""
        return f"i{self._hash('image', uid.encode(), hashlib.sha256(content).digest())}"

    def patient(self, patient: str, issuer: str = "") -> str:
        """Return a patient's pseudonym: of the PatientID and who issued it, without blanks around them."""
        patient, issuer = patient.strip(), issuer.strip()
        pseudonym = f"p{self._hash('patient', patient.encode(), issuer.encode())}"
        self._patients[pseudonym] = (patient, issuer)
        return pseudonym

    def unknown_patient(self, of: str) -> str:
        """Return a pseudonym for the patient of a study, or of an image, that names none."""
        return f"u{self._hash('unknown', of.encode())}"

    def keep_lookup(self) -> None:
        """Add the patients named so far to the look-up file, where one is asked for; each stands in it once.

        Raises:
            InputError: If it cannot be written.
        """
        if self._lookup is None or not self._patients:
            return
        try:
            self._lookup.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._lookup.with_name(f"{self._lookup.name}.lock"), timeout=20):
                _append(self._lookup, self._patients)
        except OSError as error:
            msg = (
                f"Expected a look-up file that can be written at {self._lookup}, found that it cannot "
                f"({error.strerror}); correct PLEURASCOPE_LOOKUP_FILE or unset it."
            )
            raise InputError(msg) from None
        self._patients.clear()

    def _hash(self, kind: str, *parts: bytes) -> str:
        # Lengths before the parts: otherwise "1" + "23" and "12" + "3" would be one patient.
        message = kind.encode() + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:DIGITS]


def is_pseudonym(patient: str) -> bool:
    """Tell whether a patient's id was made here, so that it means the same patient in every data set."""
    return re.fullmatch(rf"[pu][0-9a-f]{{{DIGITS}}}", patient) is not None


def key_file(workspace: Workspace) -> Path:
    """Return where the key of the pseudonyms lies, or will lie: beside the audit key.

    Raises:
        InputError: If that is inside the workspace.
    """
    return secret.audit_key_file(workspace).with_name("identity.key")


def _check_private(lookup: Path) -> None:
    # As for a key: not tightened, since its owner must learn that others could read it.
    if os.name != "posix" or not lookup.is_file():
        return
    mode = stat.S_IMODE(lookup.stat().st_mode)
    if mode & 0o077:
        msg = (
            f"Expected a look-up file that only its owner can read, found mode {mode:04o} at {lookup}; "
            f"run `chmod 600 {lookup}`, and think about who may have read it."
        )
        raise InputError(msg)


def _key(path: Path, mark: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock"), timeout=20):
        known = mark.read_text(encoding="ascii", errors="replace").strip() if mark.exists() else None
        if known is None and not path.exists():
            secret.make(path)
        for_good = f"{_LOST} (if it is lost for good, remove {mark}: who comes again then counts as another patient)."
        key = secret.read(path, what="identity key", lost=for_good)
        own = hmac.new(key, b"mark", hashlib.sha256).hexdigest()
        if known is None:
            try:
                files.write_text(mark, f"{own}\n")
            except OSError as error:
                msg = f"Expected to write {mark}, found that it cannot be done ({error.strerror}); make room there."
                raise InputError(msg) from None
        elif not hmac.compare_digest(known, own):
            msg = (
                f"Expected the identity key by which the pseudonyms in {mark.parent} were made, found another one at "
                f"{path}; {for_good}"
            )
            raise InputError(msg)
    return key


def _append(path: Path, patients: dict[str, tuple[str, str]]) -> None:
    known: set[str] = set()
    torn = False
    if path.exists():
        content = path.read_bytes()
        torn = bool(content) and not content.endswith(b"\n")  # the disk was full in the middle of a line
        with path.open(encoding="utf-8", newline="") as file:
            known = {row[0] for row in csv.reader(file) if row}
    new = {pseudonym: named for pseudonym, named in patients.items() if pseudonym not in known}
    if not new:
        return
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if torn:
            file.write("\r\n")
        if not known:
            writer.writerow(COLUMNS)
        writer.writerows((pseudonym, *named) for pseudonym, named in new.items())
        file.flush()
        os.fsync(file.fileno())
