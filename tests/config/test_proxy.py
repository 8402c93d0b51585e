"""Behind nginx and Caddy with TLS, as docs/operation.md says: pages, secure cookies, addresses, a terminal."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live import PASSWORD, ROOT, LiveServer, Person, eventually, free_port
from tests.viewer import Viewer

if TYPE_CHECKING:
    import requests

pytestmark = pytest.mark.engine

OPERATION = (ROOT / "docs/operation.md").read_text()
LOCATION = re.search(r"```nginx\n(.*?)```", OPERATION, re.DOTALL)
SITE = re.search(r"caddy start .*?<<< 'sandlot\.example\.com \{ (.*?) \}'", OPERATION)
CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        {location}
    }}
}}
"""


@contextmanager
def certified() -> Iterator[Path]:
    """A folder with a certificate for localhost and its key."""
    folder = Path(tempfile.mkdtemp(prefix="sandlot-proxy-"))
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    request += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem")]
    subprocess.run([*request, "-out", str(folder / "certificate.pem")], check=True, capture_output=True, timeout=60)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def nginx(folder: Path, port: int, upstream: int) -> Iterator[None]:
    """Run nginx with the documented lines."""
    assert LOCATION is not None
    location = LOCATION[1].replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    assert f":{upstream};" in location
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, location=location))
    server = subprocess.Popen(["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        eventually((folder / "nginx.pid").exists, "nginx listens", within_s=10)
        yield
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(20)


@contextmanager
def caddy(folder: Path, port: int, upstream: int) -> Iterator[None]:
    """Run Caddy with the documented line. Its certificate is ours: localhost gets none from an authority."""
    assert SITE is not None
    line = SITE[1].replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    assert line.endswith(f":{upstream}")
    certificate = f"tls {folder}/certificate.pem {folder}/key.pem"
    alone = "admin off\n auto_https disable_redirects"
    (folder / "Caddyfile").write_text(f"{{\n {alone}\n}}\nlocalhost:{port} {{\n {certificate}\n {line}\n}}\n")
    server = subprocess.Popen(
        ["caddy", "run", "--config", str(folder / "Caddyfile")],
        env=os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: listens(port), "Caddy listens", within_s=20)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Visitor(Person):
    """Comes over the proxy, whose certificate they know."""

    def __init__(self, server: LiveServer, certificate: Path) -> None:
        self.certificate = certificate
        super().__init__(server, "alice@example.com")

    def sign_in(self) -> None:
        self.http.verify = str(self.certificate)
        # Else a bundle that the environment names counts instead.
        self.http.trust_env = False
        self.get("/accounts/login/")
        self.http.headers["Referer"] = self.server.origin + "/"
        self.answer: requests.Response = self.post("/accounts/login/", login=self.email, password=PASSWORD)


@pytest.mark.parametrize("proxy", [nginx, caddy])
async def test_all_that_people_need_passes_the_proxy(proxy: Callable[..., AbstractContextManager[None]]) -> None:
    port = free_port()
    live = LiveServer(SANDLOT_ORIGINS=f"https://localhost:{port}")
    live.origin = f"https://localhost:{port}"
    try:
        live.prepare()
        live.start()
        with certified() as folder, proxy(folder, port, live.port):
            certificate = folder / "certificate.pem"
            alice = Visitor(live, certificate)
            assert alice.answer.status_code == 200
            cookies = {cookie.name: cookie for cookie in alice.http.cookies}
            assert all(name.startswith("__Host-") and cookie.secure for name, cookie in cookies.items())
            assert "max-age=" in alice.answer.headers["Strict-Transport-Security"]
            slug = alice.running_sandbox("proxied")
            context = ssl.create_default_context(cafile=str(certificate))
            viewer = Viewer(live.origin, alice.cookie, alice.open_terminal(slug), tls=context)
            async with viewer:
                assert (await viewer.run("echo over TLS $((6 * 7))")).strip() == "over TLS 42"
                # Much at once, and nothing of it waits in a buffer.
                assert (await viewer.run("seq 200000 | tail -1", within_s=60)).strip() == "200000"
            entry = live.row("SELECT address, via FROM activity_entry WHERE verb = 'terminal.attach'")
            assert (entry["address"], entry["via"]) == ("127.0.0.1", "socket")
    finally:
        live.close()
