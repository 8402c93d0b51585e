"""News of this app; who wants them connects in its `apps.py: ready()`."""

from django.dispatch import Signal

# A sandbox's row, state or steps changed. Arguments: sandbox. Sent after the commit.
sandbox_changed = Signal()
