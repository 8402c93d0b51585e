"""A terminal between the browser and the holder: protocol, link, socket, and the watch over open ones."""
