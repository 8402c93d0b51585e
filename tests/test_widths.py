"""The page's table of character widths against the libc that is here: what programs count is what is painted."""

from __future__ import annotations

import ctypes
import json
import locale
import subprocess
from pathlib import Path

WIDTHS = Path(__file__).resolve().parents[1] / "static/src/lib/looks/widths.js"
DUMP = f"""
import {{ wcwidth }} from "{WIDTHS}";
console.log(JSON.stringify(Array.from({{ length: 0x110000 }}, (_, code) => wcwidth(code))));
"""
# Unicode 16 made symbols wide (hexagrams, counting rods) and gave one letter a cell: an older libc says otherwise.
CHANGED = {*range(0x2630, 0x2638), *range(0x268A, 0x2690), 0x1171E, *range(0x1D300, 0x1D357), *range(0x1D360, 0x1D377)}


def test_the_page_counts_as_libc_does() -> None:
    dumped = subprocess.run(["node", "--input-type=module", "-e", DUMP], capture_output=True, text=True, check=True)
    page = json.loads(dumped.stdout)
    kept = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    try:
        wcwidth = ctypes.CDLL(None).wcwidth
        # -1: not printable, or not assigned where this libc was made.
        libc = {code: width for code in range(0xA0, 0x110000) if (width := wcwidth(code)) >= 0}
    finally:
        locale.setlocale(locale.LC_CTYPE, kept)
    assert len(libc) > 200_000
    assert {hex(code) for code, width in libc.items() if width != page[code] and code not in CHANGED} == set()
