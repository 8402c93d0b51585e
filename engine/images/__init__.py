"""The images that come with Sandlot, built on the engine when they are not there.

base        Debian, slim: pulled, or made by debootstrap where no registry answers
debian      the template for everything, on base
busybox     the template of another layout: no merged /usr, no bash, a /data of its own
holder      the program that owns the terminals, and nothing else
tools       what the firewall needs, only built where the dashboard may not set it itself

Each is named after the hash of all that goes into it, so that what is there is not built again and what has changed
is. They belong to no instance: two dashboards on one engine share them.
"""

from engine import Engine, Progress
from engine.images.base import ensure_base
from engine.images.holder import ensure_holder
from engine.images.recipes import ensure_built

# The templates by slug, each a folder beside this file.
TEMPLATES = ("debian", "busybox")

__all__ = ["TEMPLATES", "ensure_images"]


async def ensure_images(engine: Engine, progress: Progress) -> dict[str, str]:
    """Return template slug -> image reference, with all images on the engine. `progress` gets lines to show: steps,
    and indented what the tools of a step say.

    A few milliseconds when everything is there, two to three minutes on a fresh machine.
    Raises BuildFailed, ImageMissing (no base to be had; the text says what to do), DiskFull.
    """
    base = await ensure_base(engine, progress)
    references = {slug: await ensure_built(engine, slug, base, progress) for slug in TEMPLATES}
    await ensure_holder(engine, base, progress)
    return references
