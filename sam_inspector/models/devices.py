"""Which device computes, in which precision, and why."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from sam_inspector.core.errors import InputError, ModelError


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device that was tried and works.

    Attributes
    ----------
    device
        `cpu`, `cuda:0`, `mps`, …
    precision
        Data type of the encoder: `bfloat16`, `float16` or `float32`. Decoders always compute in float32.
    reason
        Why this device and precision, in a few words for the window and `doctor`.
    """

    device: str
    precision: str
    reason: str

    @property
    def label(self) -> str:
        """Short form for the tool bar: `CPU · bf16`."""
        short = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}[self.precision]
        return f"{self.device.upper() if ':' not in self.device else self.device} · {short}"


def cpu_has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX-512 BF16 or AMX); emulated, it is slower than float32.

    Torch tells it under private names, hence the look for them; without them the answer is no, which is only slower.
    """
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        check = getattr(torch.cpu, name, None)
        if check is not None and check():
            return True
    return False


@contextmanager
def full_precision() -> Iterator[None]:
    """Compute in float32 although an encoder around it is in the midst of a lower precision."""
    with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
        yield


def _cpu(reason: str) -> DeviceChoice:
    if cpu_has_bfloat16():
        return DeviceChoice("cpu", "bfloat16", f"{reason}; this CPU multiplies bfloat16 in hardware")
    return DeviceChoice("cpu", "float32", reason)


def _cuda_trouble(device: str) -> str | None:
    """Try one small product: a driver or a chip that torch does not support fails here, not at the first click."""
    try:
        ones = torch.ones(8, 8, device=device)
        (ones @ ones).sum().item()
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return None


def choose_device(wanted: str = "auto", precision: str = "auto") -> DeviceChoice:
    """Find the device to compute on.

    Parameters
    ----------
    wanted
        `auto`, `cpu`, `cuda`, `cuda:N` or `mps`. Only `auto` falls back to the CPU.
    precision
        `auto`, `float32`, or `bfloat16`.

    Raises
    ------
    InputError
        For a name that is none of these.
    ModelError
        When the device asked for is not there or does not work.
    """
    check_names(wanted, precision)
    choice = _find(wanted)
    if precision == "auto":
        return choice
    return DeviceChoice(choice.device, precision, f"{choice.reason}; {precision} by choice")


def check_names(wanted: str, precision: str) -> None:
    """Refuse what is no name of a device or precision at all.

    Raises
    ------
    InputError
        As `choose_device`.
    """
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", wanted):
        raise InputError(f"There is no device “{wanted}”: choose auto, cpu, cuda, cuda:N or mps.")
    if precision not in ("auto", "float32", "bfloat16"):
        raise InputError(f"There is no precision “{precision}”: choose auto, float32 or bfloat16.")


def _find(wanted: str) -> DeviceChoice:
    if wanted == "cpu":
        return _cpu("CPU by choice")
    if wanted == "mps" or (wanted == "auto" and torch.backends.mps.is_available()):
        if not torch.backends.mps.is_available():
            raise ModelError("This machine has no Metal device that torch can use: choose auto or cpu.")
        return DeviceChoice("mps", "float32", "Metal device found")
    if not torch.cuda.is_available():
        if wanted == "auto":
            return _cpu("no GPU that torch can use")
        raise ModelError(f"“{wanted}” was asked for, but torch finds no CUDA device: choose auto or cpu.")
    index = int(wanted.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise ModelError(f"“{wanted}” was asked for, but there are {torch.cuda.device_count()} CUDA devices.")
    device = f"cuda:{index}"
    trouble = _cuda_trouble(device)
    if trouble is None:
        dtype = "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
        return DeviceChoice(device, dtype, torch.cuda.get_device_name(index))
    if wanted == "auto":
        return _cpu(f"the GPU does not work with this torch ({trouble})")
    raise ModelError(f"{device} does not work with this torch ({trouble}): choose cpu, or install a matching torch.")


def cpu_threads() -> int:
    """Threads that torch computes with."""
    return torch.get_num_threads() if torch.get_num_threads() > 0 else os.cpu_count() or 1
