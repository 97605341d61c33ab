"""How far a long job is: what each of its steps tells at least."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobProgress:
    """One step of a long job: items done so far of all, and what it is at."""

    done: int
    total: int
    text: str = ""
