"""Prompts as JSON: one form for prompt files and for saved work, validated on the way in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from sam_inspector.core.prompts import Prompt, Prompts, Source

Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Candidate = Annotated[int, Field(ge=0, le=3)]


class PromptJson(BaseModel):
    """One prompt, its names and types as in the file; keys that are not known are let pass."""

    model_config = ConfigDict(strict=True, frozen=True)

    component: int | None = None
    box: Annotated[list[Coordinate], Field(min_length=4, max_length=4)] | None = None
    points: list[Annotated[list[Coordinate], Field(min_length=2, max_length=2)]] = []
    labels: list[Literal[0, 1]] = []
    source: Source = "user"
    edited: bool = False
    candidate: Candidate | None = None
    # JSON knows no tuples, so the strictness of the rest would refuse every pair.
    picks: list[Annotated[tuple[Annotated[int, Field(ge=0)], Candidate], Field(strict=False)]] = []

    @model_validator(mode="after")
    def _check_labels(self) -> PromptJson:
        if len(self.points) != len(self.labels):
            raise ValueError(f"{len(self.points)} points but {len(self.labels)} labels")
        return self

    def to_prompt(self) -> Prompt:
        """The value that the program works with."""
        picks = dict(self.picks)
        if self.candidate is not None:
            picks[len(self.points)] = self.candidate
        return Prompt(
            box=None if self.box is None else (self.box[0], self.box[1], self.box[2], self.box[3]),
            points=tuple((x, y) for x, y in self.points),
            labels=tuple(self.labels),
            component=self.component,
            source=self.source,
            edited=self.edited,
            picks=tuple(sorted(picks.items())),
        )


_PROMPT_LIST = TypeAdapter(list[PromptJson])


def prompt_to_json(prompt: Prompt) -> dict[str, Any]:
    """One prompt as a JSON object; `edited`, `candidate` and `picks` only where they say something.

    `candidate` is the mask picked for the prompt as it is, `picks` all picks `[number of points then, candidate]` if
    there were earlier ones too.
    """
    value: dict[str, Any] = {
        "component": prompt.component,
        "box": None if prompt.box is None else _numbers(prompt.box),
        "points": [_numbers(point) for point in prompt.points],
        "labels": list(prompt.labels),
        "source": prompt.source,
    }
    if prompt.edited:
        value["edited"] = True
    if prompt.candidate is not None:
        value["candidate"] = prompt.candidate
    if any(count != len(prompt.points) for count, _ in prompt.picks):
        value["picks"] = [list(pick) for pick in prompt.picks]
    return value


def prompts_to_json(prompts: Prompts) -> list[dict[str, Any]]:
    """All prompts of an image as a JSON array."""
    return [prompt_to_json(item) for item in prompts.items]


def prompts_from_json(text: str) -> Prompts:
    """The prompts in a JSON array.

    Raises
    ------
    ValueError
        If it is no JSON, or not of this form (pydantic's `ValidationError`).
    """
    return Prompts(tuple(item.to_prompt() for item in _PROMPT_LIST.validate_json(text)))


def _numbers(values: Sequence[float]) -> list[int | float]:
    """Whole numbers without `.0`; any float comes back exactly."""
    return [int(value) if float(value).is_integer() else float(value) for value in values]
