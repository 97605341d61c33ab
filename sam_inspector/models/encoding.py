"""What every encoder of torch runs in: quick precision, given up between blocks, a plain word when memory is short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from sam_inspector.core.errors import Cancelled, ModelError
from sam_inspector.models.backbone import never
from sam_inspector.models.devices import DeviceChoice


@contextmanager
def encoding(
    title: str, device: DeviceChoice, blocks: Iterable[nn.Module], cancelled: Callable[[], bool] = never
) -> Iterator[None]:
    """Run an encoder in the device's precision.

    Parameters
    ----------
    title
        What a user calls the model.
    blocks
        Before each of these `cancelled` is asked, so that an encoder on a CPU can be given up, or a click be answered.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    ModelError
        When the device ran out of memory.
    """
    dtype: torch.dtype = getattr(torch, device.precision)
    kind = torch.device(device.device).type

    def check(*_: object) -> None:
        if cancelled():
            raise Cancelled("Encoding was given up.")

    hooks = [] if cancelled is never else [block.register_forward_pre_hook(check) for block in blocks]
    try:
        with torch.inference_mode(), torch.autocast(kind, dtype, enabled=dtype is not torch.float32):
            yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise ModelError(
            f"{title} needs more memory than {device.device} has free: choose a smaller model, or the CPU."
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    if kind == "cuda":
        torch.cuda.synchronize(device.device)  # else the next step would seem to take this one's time
