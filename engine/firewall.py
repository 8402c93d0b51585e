"""Keeps sandboxes away from the machine they run on, and from each other.

Without this a session reaches every port that the engine's machine listens on, also those meant for its own users,
and the metadata address of a cloud. All our bridges have one prefix, so four rules hold for every sandbox, also for
those made later. Nothing of the engine's own rules is touched; DOCKER-USER is the chain it leaves to others.

A name server on the machine's own address is one of its ports, too: where the engine's machine asks itself for names,
give the engine another one ("dns" in its daemon.json).
"""

import asyncio
import os
import platform
import secrets
import shutil

from engine import ContainerSpec, Engine, EngineError, Progress, TmpfsMount
from engine.images.base import ensure_base
from engine.images.recipes import ensure_built
from engine.labels import labels_of

# Every step looks first whether it is done, so it can be run at any time. It ends with a sentence when it cannot be.
# A rule for what is established comes first: answers to the machine's own connections into a sandbox are welcome.
# What goes from bridge to bridge the engine drops by itself; refused, a program need not wait for a timeout.
RULES = """
set -eu
PATH=$PATH:/usr/sbin:/sbin
tables=
for name in iptables iptables-nft iptables-legacy; do
    if command -v "$name" >/dev/null && "$name" -w -S DOCKER-USER >/dev/null 2>&1; then tables=$name; break; fi
done
[ -n "$tables" ] || { echo "there is no iptables here that knows the engine's chain DOCKER-USER" >&2; exit 1; }

have() { "$tables" -w -C "$@" 2>/dev/null; }
append() { have "$@" || "$tables" -w -A "$@"; }
insert() { have "$@" || "$tables" -w -I "$@"; }

"$tables" -w -N SANDLOT 2>/dev/null || true
append SANDLOT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
append SANDLOT -j REJECT
insert INPUT -i sl-+ -j SANDLOT
insert DOCKER-USER -i sl-+ -d 169.254.0.0/16 -j REJECT
insert DOCKER-USER -i sl-+ -o sl-+ -j REJECT
"""

APPLYING_S = 30.0


async def ensure_firewall(engine: Engine, instance: str, progress: Progress) -> str | None:
    """Put the rules in place; return None when they are, otherwise a sentence on why not and what to do.

    The kernel forgets them with a reboot: to be called at every start.
    """
    try:
        trouble = await (_apply_here() if await _is_here(engine) else _apply_there(engine, instance, progress))
    except EngineError as error:
        trouble = str(error)
    if trouble is None:
        return None
    return (
        f"Sandboxes can reach ports of the engine's machine: {trouble}. Run the dashboard once as root on that "
        "machine, with iptables installed, or close the interfaces sl-* in its firewall."
    )


async def _is_here(engine: Engine) -> bool:
    """Whether this process may set the rules itself: as root, on the engine's machine."""
    if os.geteuid() != 0 or shutil.which("iptables", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
        return False
    return (await engine.facts()).name == platform.node()


async def _apply_here() -> str | None:
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", RULES, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(APPLYING_S):
            _, words = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"iptables did not end within {APPLYING_S:g} s"
    return None if process.returncode == 0 else words.decode(errors="replace").strip()


async def _apply_there(engine: Engine, instance: str, progress: Progress) -> str | None:
    """Set them from a short-lived container in the machine's network. It mounts nothing of it."""
    image = await ensure_built(engine, "tools", await ensure_base(engine, progress), progress)
    spec = ContainerSpec(
        name=f"sandlot-{instance}.helper.{secrets.token_hex(6)}",
        image=image,
        command=("sleep", str(int(APPLYING_S))),
        labels=labels_of(instance, "helper"),
        network="host",
        capabilities=("NET_ADMIN", "NET_RAW"),
        # The lock that keeps two iptables apart is a file there.
        mounts=(TmpfsMount("/run", 1024 * 1024, 0o755),),
    )
    await engine.create_container(spec)
    try:
        await engine.start_container(spec.name)
        result = await engine.exec_run(spec.name, ["sh", "-c", RULES], deadline_s=APPLYING_S)
    finally:
        await engine.remove_container(spec.name)
    return None if result.status == 0 else result.stderr.decode(errors="replace").strip()
