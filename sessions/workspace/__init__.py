"""What one person's page of a sandbox shows: its terminals, how they are laid out, and what can be done."""
