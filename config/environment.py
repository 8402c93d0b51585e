"""What the environment may say, checked once: a bad value stops the start with a sentence.

Only `config.settings` reads this. Every field has a line in the README's table, held by a test.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from accounts.vault.keys import BadKeys, parse_keys

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORTS = {"http": 80, "https": 443}


class Environment(BaseSettings):
    """Settings taken from `SANDLOT_*` variables. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="SANDLOT_", extra="ignore")

    data_dir: Path = ROOT / "var"
    debug: bool = False
    secret_key: SecretStr | None = None
    vault_keys: SecretStr = SecretStr("")
    instance: str = Field(default="", pattern=r"^[a-z0-9-]{0,24}$")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    origins: str = ""
    database_url: str = ""
    redis_url: str = ""
    engine_url: str = ""
    network_pool: str = "10.213.0.0/16"
    owner_email: str = ""
    owner_password: SecretStr | None = None
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("network_pool")
    @classmethod
    def _pool_is_private(cls, value: str) -> str:
        network = ipaddress.ip_network(value)
        if not network.is_private or network.prefixlen > 24:
            raise ValueError("SANDLOT_NETWORK_POOL must be a private network of /24 or larger.")
        return value

    @field_validator("vault_keys")
    @classmethod
    def _keys_are_whole(cls, value: SecretStr) -> SecretStr:
        try:
            if value.get_secret_value():
                parse_keys(value.get_secret_value().split(","))
        except BadKeys as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("origins")
    @classmethod
    def _origins_are_exact(cls, value: str) -> str:
        for origin in filter(None, (part.strip() for part in value.split(","))):
            if not is_origin(origin):
                raise ValueError(
                    f"SANDLOT_ORIGINS takes addresses like https://sandlot.example.com, without a path; got {origin!r}."
                )
        return value

    def allowed_origins(self) -> list[str]:
        """Exact origins (scheme, host, port) under which the dashboard is opened; the first is the main one."""
        named = [serialised(part.strip()) for part in self.origins.split(",") if part.strip()]
        return named or [f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}"]


def is_origin(address: str) -> bool:
    """Whether an address says scheme, host and perhaps a port, and nothing else."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna")
        is_port = parts.port is None or parts.port > 0
    except ValueError:  # a port that is none, brackets that do not close, a name that cannot be encoded
        return False
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None or "*" in address
    return parts.scheme in DEFAULT_PORTS and bool(host) and is_port and not more


def serialised(address: str) -> str:
    """Return the origin of a configured address as browsers write it: lower case, in ASCII, without a default port."""
    parts = urlsplit(address)
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name.encode("idna").decode()
    is_default = parts.port is None or parts.port == DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{parts.port}"
