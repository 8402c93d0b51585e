"""Image trees: the files of an image as a volume, and a skeleton image to stand containers on.

A container of a sandbox mounts every top-level folder, so its own image needs nothing but the top: mount points
and links. That is the skeleton. It carries no configuration: whatever the image said about entry point, user,
volumes, environment or health check cannot reach a session, and the image itself may be removed.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from engine import Engine, Image, ImageMissing, Volume
from engine.labels import INSTANCE, SHARED, labels_of
from engine.storage.archives import FILES, Folder, TreeRecord, tree_archive
from engine.storage.filled import MANIFEST, filled_volume, lock

SKELETON = "skeleton.tar"
# Links and a few small files; an image with gigabytes of files at its top is not what sandboxes are made of.
SKELETON_LIMIT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImageTree:
    """An image's files, ready to lie below sandboxes.

    `image` is the digest, `skeleton` the image to create containers from, `mountpoint` the volume's place on the
    engine's machine.
    """

    image: str
    volume: str
    mountpoint: str
    folders: tuple[Folder, ...]
    skeleton: str

    def path_of(self, folder: Folder) -> str:
        """Return where a top-level folder lies on the engine's machine."""
        return f"{self.mountpoint}/{FILES}/{folder.name}"


async def prepare_image_tree(engine: Engine, image: Image, *, owner: str = SHARED) -> ImageTree:
    """Return the tree of an image, made when it is not there: a second or two for each 100 MB, once on an engine.

    `owner` is the instance it is made for; a tree never changes, so usually it is for all of them.
    Raises ImageMissing, DiskFull, EngineRefused (its folders cannot be shared).
    """

    async def fill(volume: str) -> Mapping[str, bytes]:
        record = TreeRecord()
        await engine.put_archive(volume, tree_archive(engine.export_tree(image.id), record))
        manifest = {"image": image.id, "folders": [asdict(folder) for folder in record.folders.values()]}
        return {SKELETON: record.skeleton(), MANIFEST: json.dumps(manifest).encode()}

    labels = labels_of(owner, "tree", image=image.id)
    filled = await filled_volume(engine, f"sandlot-{owner}.tree-{short(image.id)}", labels, fill)
    return await _with_skeleton(engine, filled.volume, filled.manifest)


async def tree_in(engine: Engine, volume: str) -> ImageTree:
    """Return the finished tree that a volume holds. Raises NotFound."""
    manifest = await engine.read_file(volume, MANIFEST)
    return await _with_skeleton(engine, await engine.volume(volume), manifest)


def short(digest: str) -> str:
    """Return the first twelve hex digits of a digest."""
    return digest.removeprefix("sha256:")[:12]


async def _with_skeleton(engine: Engine, volume: Volume, manifest: bytes) -> ImageTree:
    known = json.loads(manifest)
    folders = tuple(Folder(**entry) for entry in known["folders"])
    tag = f"sandlot/skeleton:{volume.name}"
    async with lock(engine, tag):
        try:
            await engine.image(tag)
        except ImageMissing:
            # Not there yet, or removed by someone who tidied up: it can be had again from the volume.
            skeleton = await engine.read_file(volume.name, SKELETON, limit_bytes=SKELETON_LIMIT_BYTES)
            await engine.import_image([skeleton], tag, labels_of(volume.labels[INSTANCE], "tree", tree=volume.name))
    return ImageTree(known["image"], volume.name, volume.mountpoint, folders, tag)
