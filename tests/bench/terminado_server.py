"""The comparison: terminado over `docker exec -it`. Arguments: port, container."""

from __future__ import annotations

import sys

from terminado import TermSocket, UniqueTermManager
from tornado.ioloop import IOLoop
from tornado.web import Application


def main(port: int, container: str) -> None:
    manager = UniqueTermManager(shell_command=["docker", "exec", "-it", container, "bash"], max_terminals=4)
    application = Application([(r"/ws", TermSocket, {"term_manager": manager})])
    application.listen(port, "127.0.0.1")
    IOLoop.current().start()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
