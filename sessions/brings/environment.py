"""A session's own environment variables: checked, and kept as one text. Knows neither row nor request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError

NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
# Names and values in sum, in bytes of UTF-8: well below what a LINK frame carries beside the image's own variables
# (1 MiB), and each below what the kernel lets one variable have (128 KiB).
ENV_MAX_BYTES = 64 * 1024
ENV_MAX_COUNT = 1000
OURS = "SANDLOT_"


def check_name(name: str) -> None:
    """Raise ValidationError with the reason."""
    if not NAME.fullmatch(name):
        raise ValidationError(f"{name[:60]!r} is not a name: use letters, digits and underscores, not a digit first.")
    if name.startswith(OURS):
        raise ValidationError(f"{name[:60]} begins with {OURS}: such names are set by Sandlot itself.")


def check(env: Mapping[str, str]) -> None:
    """Raise ValidationError, with one sentence per name that cannot be."""
    errors: list[ValidationError] = []
    for name, value in env.items():
        try:
            check_name(name)
            check_value(name, value)
        except ValidationError as error:
            errors.append(error)
    if errors:
        raise ValidationError(errors)
    if len(env) > ENV_MAX_COUNT:
        raise ValidationError(f"These are {len(env)} variables; {ENV_MAX_COUNT} are the most.")
    if (size := size_of(env)) > ENV_MAX_BYTES:
        raise ValidationError(
            f"Names and values make {size:,} bytes, and {ENV_MAX_BYTES:,} are the most. Shorten or remove some, or keep"
            " what is long in a file."
        )


def check_value(name: str, value: str) -> None:
    if "\0" in value:
        raise ValidationError(f"The value of {name} holds a NUL byte, which no environment can carry.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValidationError(f"The value of {name} is not valid Unicode.") from error


def size_of(env: Mapping[str, str]) -> int:
    """Return how many bytes the names and the values are."""
    return sum(len(text.encode(errors="surrogatepass")) for pair in env.items() for text in pair)


def packed(env: Mapping[str, str]) -> str:
    """Return it as one text for the database, "" when there is nothing."""
    return json.dumps(dict(env), ensure_ascii=False) if env else ""


def unpacked(text: str) -> dict[str, str]:
    """The opposite of `packed`."""
    return {str(name): str(value) for name, value in json.loads(text).items()} if text else {}
