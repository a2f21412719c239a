"""Facts kept on disk from run to run: by the content of a text and the version of the tool, never by time or path.

An entry is compressed JSON, written by rename, so that processes may share the folder; a damaged entry is as good as none. Nothing that is
read is ever run. The folder is `UNCLOSED_CACHE_DIR`, or that of the user's caches, and is kept below a size.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
import zlib
from importlib.util import find_spec
from pathlib import Path

from unclosed import __version__

FOLDER_VARIABLE = "UNCLOSED_CACHE_DIR"
MAX_BYTES = 256 * 1024 * 1024
"""What the folder may hold; beyond it, the entries that were used least recently go, down to three quarters."""
_MARK = "CACHEDIR.TAG"
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# The cache of unclosed; `unclosed clean` removes it.\n"
_A_DAY = 86_400.0


def cache_folder() -> Path:
    """The folder of the cache: the environment variable's, or one below the folder in which this system's programs keep theirs."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        above = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        above = Path.home() / "Library" / "Caches"
    else:
        above = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(above) / "unclosed"


class Cache:
    """Texts by key, on disk. Whatever goes wrong with the disk, nothing is raised: then there is no entry, and none is kept."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.folder, self._max_bytes = folder, max_bytes
        self._seed = _environment()
        self._is_usable = True
        self._written = 0

    def key(self, kind: str, text: str) -> str:
        """The key of what is known of a text: `kind` says what that is."""
        whole = hashlib.blake2b(self._seed, digest_size=20)
        whole.update(f"{kind}\0".encode())
        whole.update(text.encode("utf-8", "surrogatepass"))
        return whole.hexdigest()

    def get(self, key: str) -> str | None:
        """The text under a key; `None` if there is none, or it cannot be read."""
        path = self._path(key)
        try:
            found = zlib.decompress(path.read_bytes()).decode("utf-8", "surrogatepass")
            if time.time() - path.stat().st_mtime > _A_DAY:
                os.utime(path)  # used again: it stays when the folder is tidied
        except (OSError, zlib.error, UnicodeDecodeError):
            return None
        return found

    def put(self, key: str, text: str) -> None:
        """Keep a text under a key."""
        if not self._is_usable:
            return
        data = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
        try:
            path = self._path(key)
            if not path.parent.is_dir():
                self._make(path.parent)
            handle, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(name, path)
            except OSError:
                os.unlink(name)
                raise
        except OSError:
            self._is_usable = False  # a full or read-only disk: once is enough to know
            return
        self._written += len(data)

    def tidy(self) -> None:
        """Make room if this run has written much: the least recently used entries go first."""
        if self._written < self._max_bytes // 64:
            return
        self._written = 0
        entries = []
        for path in self.folder.glob("??/*"):
            try:
                found = path.stat()
            except OSError:
                continue
            entries.append((found.st_mtime, found.st_size, path))
        size = sum(entry[1] for entry in entries)
        if size <= self._max_bytes:
            return
        for _, length, path in sorted(entries):
            if size <= self._max_bytes * 3 // 4:
                break
            try:
                path.unlink()
            except OSError:
                continue
            size -= length

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        mark = self.folder / _MARK
        if not mark.exists():
            mark.write_bytes(_TAG)


def clean(folder: Path) -> bool:
    """Remove the cache; `False` if there is none. Raises `OSError`. A folder without the cache's mark is left alone, whatever it is."""
    if not (folder / _MARK).is_file():
        return False
    shutil.rmtree(folder)
    return True


def _environment() -> bytes:
    """What the facts of a text depend on besides the text: the tool's version and code, libcst's version, Python's."""
    found = find_spec("libcst")  # looked up, not loaded
    libcst = Path(found.origin).with_name("_version.py") if found is not None and found.origin else None
    package = Path(__file__).parent
    code = [(path.name, *_stamp(path)) for name in ("flow", "lowering") for path in sorted((package / name).glob("*.py"))]
    of_libcst = libcst.read_bytes() if libcst is not None and libcst.is_file() else b""
    return repr((__version__, of_libcst, sys.version_info[:3], code)).encode()


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
