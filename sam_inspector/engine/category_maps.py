"""Maps of one category after another: references and sentences are read once a category."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.map_methods import Mapper, MapWork, MapWorks, make_mapper
from sam_inspector.engine.requests import BuildReferences, JobProgress, MapMethod
from sam_inspector.models.backbone import never

if TYPE_CHECKING:
    from sam_inspector.engine.few_shot import MapOutcome
    from sam_inspector.engine.inspector import Inspector


class CategoryMaps:
    """Makes maps of images, category after category.

    Parameters
    ----------
    map_works
        For each category what its maps are made from; empty where no mode needs one.
    """

    def __init__(self, inspector: Inspector, map_works: Mapping[str, MapWorks]) -> None:
        self._inspector = inspector
        self._map_works = map_works
        self._mappers: dict[MapMethod, Mapper] = {}
        self._category: str | None = None
        self._remarks: dict[MapMethod, tuple[str, ...]] = {}

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on what the maps of the category at hand are made from."""
        # Two methods may be made from the same.
        return tuple(dict.fromkeys(remark for remarks in self._remarks.values() for remark in remarks))

    def prepare(
        self,
        category: str,
        methods: Collection[MapMethod] | None = None,
        *,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[JobProgress]:
        """Make maps of a category possible, a step at a time; no step for what is ready.

        Parameters
        ----------
        methods
            Only these; None for all that the category's maps are made by. One that fails leaves the others ready.

        Raises
        ------
        InputError, WeightsError
            When its maps can't be made.
        Cancelled
            When `cancelled` said so.
        """
        if self._category != category:
            self._category, self._remarks = category, {}
        for method, work in self._map_works.get(category, {}).items():
            if method not in self._remarks and (methods is None or method in methods):
                yield from self._build(method, work, cancelled)

    def _build(self, method: MapMethod, work: MapWork, cancelled: Callable[[], bool]) -> Iterator[JobProgress]:
        if method not in self._mappers:
            self._mappers[method] = make_mapper(method, self._inspector)
        mapper = self._mappers[method]
        yield from mapper.build(work, cancelled=cancelled)
        remarks: list[str] = []
        if isinstance(work, BuildReferences):
            wanted, found = work.settings.references.count, len(work.paths)
            if found < wanted:
                remarks.append(f"There are {found} normal images, fewer than the {wanted} asked for: all are used.")
        self._remarks[method] = (*remarks, *mapper.ready(work).remarks)

    def map(self, method: MapMethod, image: LoadedImage) -> MapOutcome:
        """Map an image of the category at hand."""
        return self._mappers[method].map(image)
