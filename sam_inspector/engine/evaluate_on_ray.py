"""The same evaluation spread over a Ray cluster: Ray starts workers, hands out images and starts dead workers anew.

A worker writes into a folder of its own and sends the files along with the results; the one folder of the run is
written here, in the order of the images, as without Ray. The images have to lie at the same path on all machines.
"""

from __future__ import annotations

import logging
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sam_inspector.core.errors import InputError, ModelError, SamInspectorError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import Sample
from sam_inspector.engine.evaluate import EvaluateSettings, EvaluateStep
from sam_inspector.engine.image_rows import ModeResult
from sam_inspector.engine.map_methods import MapWorks
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.engine.run_places import RunPlaces
from sam_inspector.engine.running_modes import ModeRunner
from sam_inspector.models.backbone import never

if TYPE_CHECKING:
    from sam_inspector.engine.inspector import SegmenterLoader

RETRIES = 2
"""How often an image is given to another worker when one dies over it."""
CPUS_A_WORKER = 2
KNOCK_S = 5.0


@dataclass(frozen=True, slots=True)
class RayCluster:
    """Where the work goes.

    Attributes
    ----------
    address
        Of a cluster that is there, as `ray://head:10001` or `auto`; None starts one on this machine.
    """

    address: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class _Answer:
    """What a worker sends back for one image."""

    results: list[ModeResult]
    files: list[tuple[PurePosixPath, bytes]]
    remarks: tuple[str, ...]


class _Worker:
    """Evaluates images in a process of its own, with a model of its own."""

    def __init__(
        self,
        load: SegmenterLoader,
        model: str,
        device: str,
        settings: EvaluateSettings,
        map_works: Mapping[str, MapWorks],
        threads: int,
    ) -> None:
        import torch

        from sam_inspector.engine.inspector import Inspector

        torch.set_num_threads(threads)
        self._inspector = Inspector(load)
        self._inspector.load_model(model, device=device)
        self._settings = settings
        self._out = Path(tempfile.mkdtemp(prefix="sam-inspector-"))
        self._places = RunPlaces(self._out, ())
        self._modes = ModeRunner(settings, self._inspector, self._places, map_works, never)

    def evaluate(self, sample: Sample, place: PurePosixPath) -> _Answer:
        self._places.put(sample, place)
        was_prepared = True
        for _ in self._modes.prepare(sample):
            was_prepared = False
        results = list(self._modes.results(sample))
        files = []
        for path in sorted(self._out.rglob("*")):
            if path.is_file():
                files.append((PurePosixPath(path.relative_to(self._out).as_posix()), path.read_bytes()))
                path.unlink()
        return _Answer(results, files, () if was_prepared else self._modes.remarks)


def evaluate_on_ray(
    samples: Sequence[Sample],
    settings: EvaluateSettings,
    folder: ResultsFolder,
    map_works: Mapping[str, MapWorks],
    cluster: RayCluster,
    *,
    load: SegmenterLoader,
    model: str,
    device: str = "auto",
) -> Iterator[EvaluateStep]:
    """Evaluate images on workers; steps, files and results are those of `evaluate`, for each image done.

    Parameters
    ----------
    load
        Makes a segmenter from a model's name in a worker.

    Raises
    ------
    InputError
        When Ray is not installed, or the cluster can't be reached.
    ModelError
        When workers keep dying over an image.
    StoreError
        When results can't be written; those of the images finished before are kept.
    """
    total = len(samples)
    waiting = [sample for sample in samples if not folder.has(sample)]
    done = total - len(waiting)
    if done:
        yield EvaluateStep(done, total, samples[0], "finished before")
    if waiting:
        ray, is_ours = connect(cluster)
        try:
            pool = _pool(ray, (load, model, device, settings, map_works), len(waiting))
            tasks = [(sample, folder.places.place(sample)) for sample in waiting]
            answers = pool.map(lambda worker, task: worker.evaluate.remote(*task), tasks)
            for sample in waiting:
                answer = _next(ray, answers, sample)
                for path, content in answer.files:
                    write_atomic(folder.out / path, content)
                folder.add(sample, answer.results, answer.remarks)
                done += 1
                rows = tuple(result.row for result in answer.results)
                yield EvaluateStep(done, total, sample, rows=rows, remarks=answer.remarks)
        finally:
            if is_ours:
                ray.shutdown()
    folder.finish()


def connect(cluster: RayCluster) -> tuple[Any, bool]:
    """Ray, and whether it has to be left again; a process that is part of a cluster already stays so.

    Raises
    ------
    InputError
        When Ray is not installed, or the cluster can't be reached.
    """
    try:
        import ray
    except ImportError:
        raise InputError("Ray is not installed: pip install 'sam-inspector[ray]', or leave --engine away.") from None
    if ray.is_initialized():
        return ray, False
    try:
        _knock(cluster.address)
        ray.init(address=cluster.address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        if cluster.address is None:
            raise InputError(f"Ray can't be started on this machine ({first}): leave --engine away.") from error
        raise InputError(
            f"The Ray cluster {cluster.address} can't be reached ({first}): start it, or leave --ray-address away."
        ) from error
    return ray, True


def _knock(address: str | None) -> None:
    """Ray itself tries for minutes before it says that nobody is there."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()


def _pool(ray: Any, arguments: tuple[Any, ...], images: int) -> Any:
    """As many workers as the cluster has room for, and images to do."""
    from ray.util import ActorPool

    has = ray.cluster_resources()
    cpus, gpus = int(has.get("CPU", 1)), int(has.get("GPU", 0))
    wants_gpu = gpus > 0 and arguments[2] in ("auto", "cuda")
    threads = max(1, min(CPUS_A_WORKER, cpus))
    room = gpus if wants_gpu else cpus // threads
    options = {"num_cpus": 1 if wants_gpu else threads, "num_gpus": 1 if wants_gpu else 0}
    worker: Callable[..., Any] = ray.remote(max_restarts=-1, max_task_retries=RETRIES, **options)(_Worker).remote
    return ActorPool([worker(*arguments, threads) for _ in range(max(1, min(room, images)))])


def _next(ray: Any, answers: Iterator[_Answer], sample: Sample) -> _Answer:
    try:
        return next(answers)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, SamInspectorError):
            raise error.cause from error
        raise
    except ray.exceptions.RayActorError as error:
        if isinstance(getattr(error, "cause", None), SamInspectorError):
            raise error.cause from error
        raise ModelError(
            f"The workers of the Ray cluster died {RETRIES + 1} times over {sample.category}/{sample.relative_path} "
            "(too little memory, perhaps): what was finished is kept; go on with --resume."
        ) from error
