"""What sandboxes use: readings of the engine's counters, and the graphs drawn of them."""
