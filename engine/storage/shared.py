"""The files of one sandbox: its data volume, and the shared tree that all its sessions mount.

No container may ever mount the home volume without a tmpfs over `.private`: it could remove the mount point of all
others, or put a link there that leads theirs somewhere else. So the mounts are made here and nowhere else.
"""

import asyncio
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine import Mount, NotFound, TmpfsMount, Volume, VolumeMount, VolumeSpec
from engine.labels import KIND, TREE
from engine.site import Site
from engine.storage.archives import Folder, archive_of_folders
from engine.storage.holder import HOLDER_FOLDER, prepare_holder
from engine.storage.networks import Networks, networks_of
from engine.storage.trees import ImageTree, tree_in

PROJECT = "/project"
WORKSPACE = "/project/workspace"
PRIVATE = "/root/.private"

# In memory, and counted as the session's memory: these bounds only keep one folder from taking all of it.
PRIVATE_BYTES = 64 * 1024 * 1024
RUN_BYTES = 64 * 1024 * 1024
TMP_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SharedTree:
    """What the sessions of a sandbox stand on: the image for their containers, the volumes to mount, the networks.

    `folders` are (absolute path, volume), one for each top-level folder and /project.
    """

    tree: ImageTree
    folders: tuple[tuple[str, str], ...]
    holder: str
    networks: Networks

    @property
    def image(self) -> str:
        """The image to create containers from."""
        return self.tree.skeleton

    def mounts(self, *, read_only: bool) -> tuple[Mount, ...]:
        """Return all mounts of one session. Its private folder, /tmp and /run are its own in any case."""
        return (
            *(VolumeMount(volume, path, read_only) for path, volume in self.folders),
            VolumeMount(self.holder, HOLDER_FOLDER, read_only=True),
            TmpfsMount(PRIVATE, PRIVATE_BYTES, 0o700),
            TmpfsMount("/tmp", TMP_BYTES, 0o1777),  # noqa: S108 - a path inside the session
            TmpfsMount("/run", RUN_BYTES, 0o755),
        )


async def prepare_sandbox(site: Site, tree: ImageTree) -> SharedTree:
    """Return the sandbox's files, made when they are not there: a fraction of a second, whatever the image's size.

    A sandbox stays on the tree it was made on, whatever `tree` is later. Raises NotFound when that one is gone,
    NameTaken when another instance has its names.
    """
    holder = await prepare_holder(site.engine)
    there = {volume.name: volume for volume in await site.engine.volumes(site.own)}
    base = _base_of(site, there)
    data = there.get(_data_name(base))
    if data is not None and data.labels[TREE] != tree.volume:
        tree = await tree_in(site.engine, data.labels[TREE])
    paths = _paths(base, tree)
    if data is None or not there.keys() >= {volume for _, volume in paths}:
        await _make(site, base, tree, there.keys())
    return SharedTree(tree, paths, holder, await networks_of(site))


async def data_folder(site: Site) -> Path:
    """Return where the sandbox's own files lie on the engine's machine. Raises NotFound."""
    for volume in await site.engine.volumes(site.labels("data")):
        return Path(volume.mountpoint)
    raise NotFound(f"{site.sandbox} has no files on the engine.")


async def remove_sandbox(site: Site) -> None:
    """Remove all files of a sandbox; fine when they are gone. Raises Conflict while a session is there."""
    engine = site.engine
    # Who was killed while it wrote to the files left its helper behind, and the engine keeps what a container has.
    for helper in await engine.containers(site.labels("helper")):
        await engine.remove_container(helper.name)
    volumes = await engine.volumes(site.own)
    shared = [volume.name for volume in volumes if volume.labels[KIND] == "shared"]
    await asyncio.gather(*(engine.remove_volume(name) for name in shared))
    # Last, for the others are mounts of its folders.
    for volume in volumes:
        if volume.labels[KIND] == "data":
            await engine.remove_volume(volume.name)


def _base_of(site: Site, there: Collection[str]) -> str:
    """Return what the names of its volumes begin with: as in an earlier version when that has made them."""
    return site.former_base if _data_name(site.former_base) in there else site.base


async def _make(site: Site, base: str, tree: ImageTree, there: Collection[str]) -> None:
    """Make what is not there. A sandbox that has all its volumes also has what is in them: they are made last."""
    engine, labels = site.engine, site.labels("data", image=tree.image, tree=tree.volume)
    data = await engine.ensure_volume(VolumeSpec(_data_name(base), labels))
    await engine.put_archive(data.name, archive_of_folders(_folders_inside(tree)))
    shared = site.labels("shared")
    specs = [_project_spec(base, shared, data)]
    specs += [_overlay_spec(base, shared, tree, folder, data) for folder in tree.folders]
    # What an earlier version began keeps the options that it has.
    await asyncio.gather(*(engine.ensure_volume(spec) for spec in specs if spec.name not in there))


def _folders_inside(tree: ImageTree) -> Iterator[Folder]:
    """Yield what a new data volume holds: a pair of folders for each overlay, and the project.

    The upper one decides how the merged folder looks, so it has the owner and mode of the image's.
    """
    yield Folder("upper", 0o755, 0, 0)
    yield Folder("work", 0o755, 0, 0)
    for folder in tree.folders:
        yield replace(folder, name=f"upper/{folder.name}")
        yield Folder(f"work/{folder.name}", 0o755, 0, 0)
    yield Folder("upper/root/.private", 0o700, 0, 0)
    yield Folder("project", 0o755, 0, 0)
    yield Folder("project/workspace", 0o755, 0, 0)


def _overlay_spec(base: str, labels: Mapping[str, str], tree: ImageTree, folder: Folder, data: Volume) -> VolumeSpec:
    upper, work = (f"{data.mountpoint}/{part}/{folder.name}" for part in ("upper", "work"))
    # With redirects a folder of the image can be renamed; without, rename(2) says EXDEV and tools copy or give up.
    options = f"lowerdir={tree.path_of(folder)},upperdir={upper},workdir={work},redirect_dir=on"
    return VolumeSpec(_overlay_name(base, folder), labels, {"type": "overlay", "device": "overlay", "o": options})


def _project_spec(base: str, labels: Mapping[str, str], data: Volume) -> VolumeSpec:
    return VolumeSpec(
        _project_name(base), labels, {"type": "none", "device": f"{data.mountpoint}/project", "o": "bind"}
    )


def _paths(base: str, tree: ImageTree) -> tuple[tuple[str, str], ...]:
    overlays = ((f"/{folder.name}", _overlay_name(base, folder)) for folder in tree.folders)
    return (*overlays, (PROJECT, _project_name(base)))


def _data_name(base: str) -> str:
    return f"{base}.data"


def _project_name(base: str) -> str:
    return f"{base}.project"


def _overlay_name(base: str, folder: Folder) -> str:
    # Volume names know neither "+" nor "@"; the digest keeps folders apart that differ only there.
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", folder.name)
    mark = "" if plain == folder.name else "-" + hashlib.sha256(folder.name.encode()).hexdigest()[:8]
    return f"{base}.at.{plain}{mark}"
