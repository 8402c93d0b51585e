"""The ports' websockets, for programs: which ports listen, and a tunnel to one of them.

`sandlot.ports.v1` tells all of them at the start and whenever they have changed: {"type": "ports", "items": […]}.

`sandlot.tunnel.v1` carries one connection to 127.0.0.1 or ::1 in the session. JSON from the server: connected,
end (it sends no more), reset, pong, notice; from the program: end, ping. Once both have said end, or the connection
broke, the socket closes. Binary messages are:

    DATA  u8 0x20, bytes     either way, 512 KiB at most ahead of the last ACK
    ACK   u8 0x03, u64       either way: how many bytes were taken by now
"""

from __future__ import annotations

PORTS, TUNNEL = "sandlot.ports.v1", "sandlot.tunnel.v1"
DATA, ACK = 0x20, 0x03
TEXT_MAX_BYTES = 1024
