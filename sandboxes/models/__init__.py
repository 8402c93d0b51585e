"""Templates, sandboxes and what is known of their engines, as rows."""

from sandboxes.models.engine import EngineStatus, Lease
from sandboxes.models.operations import Operation
from sandboxes.models.samples import Notice, Sample, Usage
from sandboxes.models.sandbox import TRASH_KEPT, Sandbox, SandboxQuerySet, Use
from sandboxes.models.states import Desired, State
from sandboxes.models.step import STEPS_KEPT, Step
from sandboxes.models.template import MIB, Template

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
