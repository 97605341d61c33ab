"""One image before another background, as a job: for a person who wants to see what a method makes of it."""

from __future__ import annotations

from collections.abc import Callable, Generator

from sam_inspector.engine.exchanged_images import ExchangedImages
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import ExchangeImage, ExchangeProgress

NO_BACKGROUND = "The category “{}” has no background to exchange: the image stays as it is."


def exchange_steps(
    work: ExchangeImage, inspector: Inspector, cancelled: Callable[[], bool]
) -> Generator[ExchangeProgress]:
    """Exchange the background; the only step has the image.

    Raises
    ------
    InputError
        When nobody knows the category's type, or photos can't be read.
    ModelError
        When no model is loaded, or there is too little memory.
    Cancelled
        When `cancelled` said so.
    """
    images = ExchangedImages(inspector, work.settings, work.foreground, cancelled=cancelled)
    image, remark = images.exchange(work.image, work.category)
    if image is work.image:
        yield ExchangeProgress(1, 1, remark=remark or NO_BACKGROUND.format(work.category))
        return
    yield ExchangeProgress(1, 1, image=image, remark=remark)
