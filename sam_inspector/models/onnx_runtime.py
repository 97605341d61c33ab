"""Networks that ONNX Runtime computes: which device, how many threads, and a run that can be given up.

ONNX Runtime has threads of its own. They sleep between two operators instead of spinning, so that a window, or torch
beside it, has the processor when it needs it; measured on two cores this costs a few per cent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sam_inspector.core.errors import Cancelled, ModelError, WeightsError
from sam_inspector.models.backbone import never
from sam_inspector.models.devices import DeviceChoice, check_names, cpu_threads

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
LOOK_EVERY_S = 0.02

Tensors = list[NDArray[np.float32]]

_STATE = onnxruntime.capi.onnxruntime_pybind11_state
ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    MemoryError,
    *(kind for kind in vars(_STATE).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
"""What ONNX Runtime raises; its own errors share no base."""


def choose_onnx_device(wanted: str = "auto", precision: str = "auto") -> DeviceChoice:
    """Find the device to compute on; always in float32.

    Parameters
    ----------
    wanted, precision
        As for `devices.choose_device`.

    Raises
    ------
    InputError
        For a name that is no device or precision.
    ModelError
        When the device or precision asked for can't be had.
    """
    check_names(wanted, precision)
    if precision == "bfloat16":
        raise ModelError("Models of ONNX Runtime compute in float32: choose the precision auto or float32.")
    has_cuda = CUDA in onnxruntime.get_available_providers()
    if wanted == "cpu":
        return DeviceChoice("cpu", "float32", "CPU by choice; ONNX Runtime")
    if wanted == "auto" and not has_cuda:
        return DeviceChoice("cpu", "float32", "this ONNX Runtime computes on the CPU")
    if not has_cuda or wanted == "mps":
        raise ModelError(
            f"“{wanted}” was asked for, but this ONNX Runtime can't compute there: choose auto or cpu, or for CUDA "
            "install onnxruntime-gpu in place of onnxruntime."
        )
    return DeviceChoice(f"cuda:{int(wanted.partition(':')[2] or 0)}", "float32", "ONNX Runtime with CUDA")


class OnnxNetwork:
    """One network, ready to run.

    Parameters
    ----------
    path
        An `.onnx` or `.ort` file.
    gives_memory_back
        Whether what a run took goes back to the system after it; for a network that is large and run now and then.

    Raises
    ------
    WeightsError
        When the file is no network that ONNX Runtime can read.
    ModelError
        When the device does not work.
    """

    def __init__(self, path: Path, device: DeviceChoice, *, gives_memory_back: bool = False) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cpu_threads()
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # its warnings are about nodes it did not optimise
        name, _, index = device.device.partition(":")
        providers: list[Any] = [(CUDA, {"device_id": int(index or 0)}), CPU] if name == "cuda" else [CPU]
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except ERRORS as error:
            raise WeightsError(
                f"ONNX Runtime can't read {path} ({_told(error)}): fetch the weights again with “sam-inspector models "
                "get”, or install a newer onnxruntime."
            ) from error
        if name == "cuda" and CUDA not in self._session.get_providers():
            raise ModelError("The GPU does not work with this ONNX Runtime: choose the CPU, or install a matching one.")
        self._shrinks = gives_memory_back and name == "cpu"
        self.inputs: tuple[str, ...] = tuple(value.name for value in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(value.name for value in self._session.get_outputs())

    def check(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Refuse a network with other inputs and outputs than these.

        Raises
        ------
        ModelError
            Naming what is missing.
        """
        missing = [name for name in inputs if name not in self.inputs]
        missing += [name for name in outputs if name not in self.outputs]
        if missing or len(self.inputs) != len(inputs):
            raise ModelError(
                f"The network has other inputs or outputs than were expected ({', '.join(missing) or 'more'}): fetch "
                "its weights again with “sam-inspector models get”."
            )

    def run(
        self,
        inputs: Mapping[str, NDArray[np.float32]],
        outputs: Sequence[str],
        *,
        cancelled: Callable[[], bool] = never,
    ) -> Tensors:
        """Compute some outputs.

        Parameters
        ----------
        cancelled
            Asked some 50 times a second, by the calling thread while another one computes: it may itself run a network.
            A run that is given up ends after the operator it is in.

        Raises
        ------
        Cancelled
            When `cancelled` said so.
        ModelError
            When the network could not be run, as for lack of memory.
        """
        options = onnxruntime.RunOptions()
        if self._shrinks:
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

        def compute() -> Tensors:
            try:
                found: Tensors = self._session.run(list(outputs), dict(inputs), options)
            except ERRORS as error:
                raise ModelError(
                    f"The network could not be computed ({_told(error)}): if memory is short, close other programs."
                ) from error
            return found

        return compute() if cancelled is never else _watched(compute, options, cancelled)


def _watched(compute: Callable[[], Tensors], options: Any, cancelled: Callable[[], bool]) -> Tensors:
    future: Future[Tensors] = Future()

    def work() -> None:
        try:
            future.set_result(compute())
        except BaseException as error:  # noqa: BLE001  # the waiting thread raises it
            future.set_exception(error)

    if cancelled():
        raise Cancelled("Encoding was given up.")
    thread = Thread(target=work, name="sam-inspector-onnx", daemon=True)
    thread.start()
    try:
        while not wait([future], timeout=LOOK_EVERY_S).done:
            if cancelled():
                raise Cancelled("Encoding was given up.")
    except BaseException:
        options.terminate = True
        thread.join()
        raise
    return future.result()


def _told(error: Exception) -> str:
    """The first line of what ONNX Runtime says, without its codes."""
    line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return line.rpartition(" : ")[2][:200]
