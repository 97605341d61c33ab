"""Asks for co-feature points and tells the answer to the newest question from those before it."""

from __future__ import annotations

from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine import requests as rq
from sam_inspector.engine.mailbox import Mailbox
from sam_inspector.prompting.cascade_settings import CoFeatureSettings


class PointSearch:
    """The newest question, and its answer."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._asked: rq.FindPoints | None = None
        self._found: CoFeaturePoints | None = None

    def ask(
        self, image: LoadedImage, anomaly_map: AnomalyMap, threshold: float, settings: CoFeatureSettings
    ) -> CoFeaturePoints | None:
        """Look for points; the same question gets its answer at once."""
        before = self._asked
        is_same = (
            before is not None
            and before.image is image
            and before.anomaly_map is anomaly_map
            and (before.threshold, before.settings) == (threshold, settings)
        )
        if is_same and self._found is not None:
            return self._found
        self._found = None
        self._asked = rq.FindPoints(image, anomaly_map, threshold, settings)
        self._mailbox.submit(self._asked)
        return None

    def take(self, reply: rq.PointsFound) -> bool:
        """Note an answer; False when it is to an older question."""
        if reply.request is not self._asked:
            return False
        self._found = reply.points
        return True

    def is_asked(self, request: object) -> bool:
        """Whether this is the newest question."""
        return request is self._asked

    def forget(self) -> None:
        """No answer is wanted any more."""
        self._asked = self._found = None
