"""The line: one stream to a session's holder for commands, files, ports and connections."""
