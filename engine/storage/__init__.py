"""Where the files of sandboxes live, and how all sessions of a sandbox come to see the same ones.

image tree      one volume for each image: its files, exported once, never changed again
data            one volume for each sandbox: what its sessions changed, folder by folder, and /project
shared tree     one overlay volume for each top-level folder: the image's below, the sandbox's above.
                Every session container of the sandbox mounts all of them

So what one session installs is there in all others and after a restart, a new sandbox copies nothing, and its
disk use is what it changed. Everything here is idempotent and may be killed at any point: a volume counts only
when what is written last into it is there, and a sandbox only when all its volumes are.
"""

from engine.storage.ahead import prepare_ahead
from engine.storage.archives import Folder
from engine.storage.networks import Networks, ensure_network, ensure_readers_network, remove_networks
from engine.storage.shared import WORKSPACE, SharedTree, data_folder, prepare_sandbox, remove_sandbox
from engine.storage.trees import ImageTree, prepare_image_tree

__all__ = [
    "WORKSPACE",
    "Folder",
    "ImageTree",
    "Networks",
    "SharedTree",
    "data_folder",
    "ensure_network",
    "ensure_readers_network",
    "prepare_ahead",
    "prepare_image_tree",
    "prepare_sandbox",
    "remove_networks",
    "remove_sandbox",
]
