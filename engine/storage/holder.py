"""The volume with the holder's program, mounted read-only at /.sandlot in every session."""

from collections.abc import Mapping

from engine import Engine
from engine.images.holder import holder_reference
from engine.labels import SHARED, labels_of
from engine.storage.filled import MANIFEST, filled_volume

HOLDER_FOLDER = "/.sandlot"


async def prepare_holder(engine: Engine) -> str:
    """Return the name of the volume with the holder of this version of Sandlot, filled from its image.

    Raises ImageMissing when the images were not built yet.
    """
    image = await engine.image(holder_reference())

    async def fill(volume: str) -> Mapping[str, bytes]:
        await engine.put_archive(volume, engine.export_tree(image.id))
        return {MANIFEST: image.id.encode()}

    labels = labels_of(SHARED, "holder", image=image.id)
    filled = await filled_volume(engine, f"sandlot-{SHARED}.holder", labels, fill)
    return filled.volume.name
