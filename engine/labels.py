"""The labels on everything we make on an engine. They are enough to find and to rebuild; never a secret in one."""

from typing import Literal

INSTANCE = "sandlot.instance"
SANDBOX = "sandlot.sandbox"
SESSION = "sandlot.session"
KIND = "sandlot.kind"
# Counts the starts of a sandbox: what carries an older number belongs to a start that is over.
BOOT = "sandlot.boot"
# "write" or "read": decides the mounts, so a change replaces the container.
PERMISSION = "sandlot.permission"
# "1" on the container that owns its sandbox's network, "0" on all others.
HOST = "sandlot.host"
# "readers" on a container that is in the network of its sandbox's read sessions and joins nobody's.
NETWORK = "sandlot.network"
# On a sandbox's data volume and on an image tree: the digest of the image whose files lie below.
IMAGE = "sandlot.image"
# On a sandbox's data volume and on a skeleton image: the volume with that image's files.
TREE = "sandlot.tree"
# On images we build: the hash of everything that went in.
INPUTS = "sandlot.inputs"

# The "instance" of what is made from images alone and never changes: all dashboards on one engine have it in common.
SHARED = "shared"

Kind = Literal["session", "helper", "image", "tree", "data", "shared", "network", "readers", "holder"]


def labels_of(instance: str, kind: Kind, **more: str) -> dict[str, str]:
    """Return the labels of one thing; `more` by the names above in lower case: sandbox="quiet-otter"."""
    return {INSTANCE: instance, KIND: kind, **{f"sandlot.{name}": value for name, value in more.items()}}
