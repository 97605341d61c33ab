"""Making very many objects that stay, without Python looking through all of them again and again."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def many_new_objects() -> Iterator[None]:
    """Hold the garbage collector back, and let it pass over all that is there afterwards.

    With torch imported one full collection holds up every thread, the window's too, for 0.2 s and longer; while
    100,000 images are listed there would be several. What is passed over is freed as before when nothing refers to it
    any more, models too, for they hold no cycles; only cycles among what is there at the end are never looked for.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


# At the end all is looked through as usual: libraries tell of what they take for leaks else.
atexit.register(gc.unfreeze)
