"""Whether a container engine answers. Usage: ping_engine.py ADDRESS

Exit status 0: it answers; 1: nobody is there; 2: someone is, and we may not talk to them.
Only the standard library, and any Python 3: this runs before anything is installed.
"""

import http.client
import os
import socket
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

# A sound engine answers within milliseconds; one that is just starting accepts first and answers seconds later.
DEADLINE_S = 5


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket; `host` is its path."""

    def connect(self) -> None:
        """Connect to the socket file; OSError when nobody listens or we may not."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def connection(address: str) -> http.client.HTTPConnection:
    """Return the way to unix:///path or tcp://host:port, with TLS where Docker's own variables ask for it."""
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return UnixConnection(parts.path, timeout=DEADLINE_S)
    host, port = parts.hostname or "localhost", parts.port
    if os.environ.get("DOCKER_TLS_VERIFY"):
        return http.client.HTTPSConnection(host, port or 2376, timeout=DEADLINE_S, context=tls())
    return http.client.HTTPConnection(host, port or 2375, timeout=DEADLINE_S)


def tls() -> ssl.SSLContext:
    """Return a context with the certificates in DOCKER_CERT_PATH."""
    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def status(address: str) -> int:
    """Return the exit status for this address."""
    try:
        way = connection(address)
        way.request("GET", "/_ping", headers={"Host": "docker"})
        return 0 if way.getresponse().status == http.client.OK else 1
    except PermissionError:
        return 2
    except (OSError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(status(sys.argv[1]))
