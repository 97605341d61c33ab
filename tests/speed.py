"""How long things may take here: limits are for processors of today, older ones get more."""

from sam_inspector.models.devices import cpu_has_bfloat16

SLOWER = 1 if cpu_has_bfloat16() else 2
"""Processors without bfloat16 in hardware are slower, and encode for so long that all cores are taken."""
