"""The tour of docs/api.md, as it stands there, with curl against a real server on the real engine."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live import OWNER, ROOT

if TYPE_CHECKING:
    from tests.live import LiveServer

pytestmark = pytest.mark.engine

TOUR = "\n".join(re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs/api.md").read_text(), re.DOTALL | re.MULTILINE))


def test_the_tour(live: LiveServer, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", TOUR],
        cwd=tmp_path,
        env=os.environ | {"SANDLOT_URL": live.origin, "SANDLOT_TOKEN": live.api_token(OWNER)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"state": "running"' in done.stdout
    assert '"exit_status"' in done.stdout
    assert '"cpu_millis"' in done.stdout
    live.wait_for(
        "SELECT 1 FROM sandboxes_sandbox WHERE slug = 'tour' AND desired = 'deleted' OR trashed_at IS NOT NULL"
    )
    (entry,) = live.rows("SELECT via FROM activity_entry WHERE verb = 'sandbox.create' AND target LIKE '%tour%'")
    assert entry["via"] == "api"
