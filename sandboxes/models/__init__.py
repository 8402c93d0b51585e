"""Templates, sandboxes and what is known of their engines, as rows."""

from sandboxes.models.engine import EngineStatus, Lease
from sandboxes.models.idle import Use
from sandboxes.models.notice import Notice
from sandboxes.models.operations import Operation
from sandboxes.models.samples import Sample, Usage
from sandboxes.models.sandbox import Sandbox, SandboxQuerySet
from sandboxes.models.states import Desired, State
from sandboxes.models.step import STEPS_KEPT, Step
from sandboxes.models.template import MIB, Template
from sandboxes.models.trash import TRASH_KEPT

__all__ = [
    "MIB",
    "STEPS_KEPT",
    "TRASH_KEPT",
    "Desired",
    "EngineStatus",
    "Lease",
    "Notice",
    "Operation",
    "Sample",
    "Sandbox",
    "SandboxQuerySet",
    "State",
    "Step",
    "Template",
    "Usage",
    "Use",
]
