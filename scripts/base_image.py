"""Whether the base of our images is on the engine, or a registry gives it. Usage: base_image.py ADDRESS

Exit status 0: it is there now; 1: it is not, and no registry answers.
"""

import os
import sys

import docker
from docker.errors import APIError, ImageNotFound

BASE = ("debian", "bookworm-slim")
# For each answer, not for the whole pull: a registry out of reach shows itself as a name that nobody knows or a
# connection that nobody takes, which the engine itself gives up on.
DEADLINE_S = 60


def is_there(client: docker.DockerClient) -> bool:
    """Pull the base unless the engine has it; say whether it has it now."""
    try:
        client.images.get(":".join(BASE))
    except ImageNotFound:
        try:
            client.images.pull(*BASE)
        except (APIError, OSError):
            return False
    return True


if __name__ == "__main__":
    engine = docker.from_env(timeout=DEADLINE_S, environment={**os.environ, "DOCKER_HOST": sys.argv[1]})
    sys.exit(0 if is_there(engine) else 1)
