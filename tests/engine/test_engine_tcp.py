"""The engine over TCP, plain and with TLS: a proxy in front of the real one's socket."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from engine import Engine, EngineAway, EngineRefused
from engine.docker import DockerEngine
from engine.storage import ImageTree
from engine.wire import EngineAddress
from tests.engine_fixtures import MIB, MakePlace

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]

NOW = datetime.datetime.now(datetime.UTC)


class Authority:
    """Makes the certificates of both sides, in the files that an engine's client expects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        self._write("ca", self._key, self._sign(self._name, self._key.public_key(), is_authority=True))

    def certify(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._write(name, key, self._sign(subject, key.public_key(), is_authority=False))

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool) -> x509.Certificate:
        day = datetime.timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - day)
            .not_valid_after(NOW + day)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        pem = serialization.Encoding.PEM
        own = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key_name = "key.pem" if name == "cert" else f"{name}-key.pem"
        (self.folder / key_name).write_bytes(own)
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))


@asynccontextmanager
async def proxy(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Forward a TCP port to the engine's socket; gives the port."""
    path = EngineAddress.parse(settings.SANDLOT_ENGINE_URL).path

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(path)
        ways = [pump(reader, there_writer), pump(there_reader, writer)]
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        there_writer.close()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture(params=["plain", "tls"])
def certificates(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    if request.param == "plain":
        return None
    authority = Authority(tmp_path)
    authority.certify("cert")
    authority.certify("server")
    return tmp_path


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_calls_and_streams_over_tcp(
    engine: Engine, instance: str, make_place: MakePlace, busybox: ImageTree, certificates: Path | None
) -> None:
    host = await (await make_place(busybox)).session("host")
    async with proxy(server_context(certificates) if certificates else None) as port:
        url = f"tcp://localhost:{port}" + (f"?tls={certificates}" if certificates else "")
        there = DockerEngine(url, instance)
        assert (await there.facts()).name == (await engine.facts()).name
        assert (await there.container(host)).is_running
        assert (await there.exec_run(host, ["echo", "hello"])).stdout == b"hello\n"
        stream = await there.exec_stream(host, ["head", "-c", str(4 * MIB), "/dev/zero"])
        length = 0
        while piece := await stream.read():
            length += len(piece)
        assert length == 4 * MIB
        if certificates:
            with pytest.raises(EngineRefused, match="over TLS"):
                await there.exec_run(host, ["cat"], stdin=b"x")
        else:
            assert (await there.exec_run(host, ["cat"], stdin=b"x")).stdout == b"x"
        await there.close()


async def test_an_engine_with_someone_elses_certificate_is_not_talked_to(instance: str, tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        authority = Authority(tmp_path / name)
        authority.certify("cert")
        authority.certify("server")
    async with proxy(server_context(tmp_path / "theirs")) as port:
        there = DockerEngine(f"tcp://localhost:{port}?tls={tmp_path / 'ours'}", instance)
        with pytest.raises(EngineAway):
            await there.ping()
        await there.close()
