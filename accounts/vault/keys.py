"""The keys that seal secrets: from the environment, or from a file in the data folder that the first start makes.

One key is `id:base64 of 32 bytes`. The first of several seals, all of them open. No message ever holds a key.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# AES-256.
KEY_BYTES = 32
# Lower case only: SQLite's LIKE, which finds tokens by their key's id, does not tell cases apart.
KEY_ID = re.compile(r"[a-z0-9-]{1,16}")


class VaultError(Exception):
    """A secret could not be sealed or opened. See `accounts.vault.vault` for the tree."""


class BadKeys(VaultError):  # noqa: N818  # reads as what it is, below a name with Error
    """The keys themselves cannot be used; the sentence says where and why."""


class RotationRunning(VaultError):  # noqa: N818
    """Someone else is changing the key file right now."""


@dataclass(frozen=True)
class Key:
    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> Key:
        return cls(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES))

    def line(self) -> str:
        """Return the key as it is written in the setting and in the file."""
        return f"{self.id}:{base64.b64encode(self.secret).decode()}"


def parse_keys(texts: Sequence[str]) -> tuple[Key, ...]:
    """Return the keys of the setting's parts or of the file's lines, in order.

    Raises BadKeys with a sentence that tells which one is wrong by its place, and repeats nothing of it.
    """
    keys = tuple(_parse_key(text.strip(), number) for number, text in enumerate(texts, 1))
    if not keys:
        raise BadKeys("There is no key.")
    if len({key.id for key in keys}) < len(keys):
        raise BadKeys("Two keys have the same id.")
    return keys


def _parse_key(text: str, number: int) -> Key:
    key_id, _, encoded = text.partition(":")
    if not KEY_ID.fullmatch(key_id):
        raise BadKeys(f"Key {number} must begin with an id of 1 to 16 of a-z, 0-9 and hyphen, and a colon.")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise BadKeys(f"Key {number} must have {KEY_BYTES} bytes in base64 after its id and the colon.")
    return Key(key_id, secret)


class KeyFile:
    """The file `vault_keys`: one key by line, readable by its owner only. Shared by all processes of a data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[tuple[int, ...], tuple[Key, ...]] = ((), ())

    def make(self) -> None:
        """Make the file with one fresh key, unless it is there. Raises BadKeys.

        Of two processes that start at once the second takes what the first made.
        """
        if self.path.exists():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock(fcntl.LOCK_EX):
                if not self.path.exists():
                    self._write([Key.fresh()])
        except OSError as error:
            raise BadKeys(f"The key file {self.path} cannot be made: {error.strerror}.") from None

    def read(self) -> tuple[Key, ...]:
        """Return the keys that are in the file now: one `stat` when it did not change. Raises BadKeys."""
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
            known, keys = self._seen
            if stamp != known:
                keys = parse_keys(self.path.read_text().split())
                self._seen = (stamp, keys)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise BadKeys(f"The key file {self.path} cannot be read: {reason}.") from None
        except BadKeys as error:
            raise BadKeys(f"The key file {self.path} cannot be used. {error}") from None
        else:
            return keys

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold off other rotations while `add` and `forget` are called. Raises RotationRunning if there is one."""
        try:
            lock = self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RotationRunning("Another rotation is running. Run this again when it has finished.") from None
        with lock:
            yield

    def add(self, key: Key) -> None:
        """Put a key in front: from now on every process seals with it."""
        self._write([key, *self.read()])

    def forget(self, ids: set[str]) -> None:
        """Drop keys for good. The caller knows that nothing uses them any more."""
        self._write([key for key in self.read() if key.id not in ids])

    def _lock(self, how: int) -> ExitStack:
        # The folder itself is what is locked: no other file to own, to back up or to trip over.
        with ExitStack() as opened:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            opened.callback(os.close, folder)
            fcntl.flock(folder, how)
            return opened.pop_all()

    def _write(self, keys: Sequence[Key]) -> None:
        """Replace the file as a whole, with mode and owner kept: no reader sees half of it, no crash loses a key."""
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            if self.path.exists():
                status = self.path.stat()
                os.fchmod(descriptor, status.st_mode & 0o7777)
                if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                    # Root rotates the keys of a dashboard that runs as someone else.
                    os.fchown(descriptor, status.st_uid, status.st_gid)
            file.writelines(f"{key.line()}\n" for key in keys)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(self.path)
        # Rows are sealed with the new key right after this: it must be on the disk before they are.
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
