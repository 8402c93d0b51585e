"""Loaded before Django's settings: tests have a data folder, an instance and a key of their own."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

_folder = tempfile.mkdtemp(prefix="sandlot-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

for name in [name for name in os.environ if name.startswith("SANDLOT_")]:
    del os.environ[name]
os.environ["SANDLOT_DATA_DIR"] = _folder
# Where static files would be collected: their server warns of a folder that is not there.
(Path(_folder) / "static").mkdir()
os.environ["SANDLOT_INSTANCE"] = f"test-{secrets.token_hex(4)}"
