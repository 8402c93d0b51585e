"""What the first sandbox would otherwise wait for."""

from collections.abc import Iterable

from engine import Engine, Progress
from engine.storage.holder import prepare_holder
from engine.storage.trees import prepare_image_tree


async def prepare_ahead(engine: Engine, references: Iterable[str], progress: Progress) -> None:
    """Have the trees of these images and the holder's volume ready. Some seconds for each new image, then none."""
    progress("Unpacking the images")
    for reference in references:
        await prepare_image_tree(engine, await engine.image(reference))
    await prepare_holder(engine)
