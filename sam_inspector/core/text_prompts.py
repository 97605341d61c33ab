"""What CLIP is told about an object: states, normal and abnormal, and sentences that a photo may be described by.

Source: Jeong et al. 2023 (WinCLIP: states times templates); the lists in `resources/text_prompts` are those of Chen et
al. 2023 (APRIL-GAN).
"""

from __future__ import annotations

from dataclasses import dataclass

from sam_inspector.core.errors import InputError

PLACE = "{}"
"""Where the object's name goes in a state, and the state in a template."""
MOST_CHARACTERS = 200
"""CLIP reads at most 75 tokens a sentence; a state in a template, with a name, should stay below."""
MOST_NAME_CHARACTERS = 80
MOST_SENTENCES = 4000
"""Of one kind: each takes CLIP some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class TextPrompts:
    """The sentences of a text-guided map.

    Attributes
    ----------
    normal, abnormal
        States of an object, each with `{}` for its name: `flawless {}`, `{} with damage`.
    templates
        Descriptions of a photo, each with `{}` for the object in its state: `a photo of a {}.`
    """

    normal: tuple[str, ...]
    abnormal: tuple[str, ...]
    templates: tuple[str, ...]

    def sentences(self, object_name: str) -> tuple[list[str], list[str]]:
        """Every state in every template: the normal sentences, then the abnormal ones.

        Raises
        ------
        InputError
            For a name that is empty or too long, and whatever `check` refuses.
        """
        self.check()
        name = checked_object_name(object_name)
        normal, abnormal = (
            [template.replace(PLACE, state.replace(PLACE, name)) for state in states for template in self.templates]
            for states in (self.normal, self.abnormal)
        )
        return normal, abnormal

    def check(self) -> None:
        """Refuse lists that make no sentences.

        Raises
        ------
        InputError
            For an empty list, a line without `{}` or with several, one that is too long, or too many sentences.
        """
        lists = (("normal state", self.normal), ("abnormal state", self.abnormal), ("template", self.templates))
        for kind, lines in lists:
            if not lines:
                raise InputError(f"The list of {kind}s is empty: write at least one line, as “{_example(kind)}”.")
            for line in lines:
                _check_line(kind, line)
        most = max(len(self.normal), len(self.abnormal)) * len(self.templates)
        if most > MOST_SENTENCES:
            raise InputError(
                f"States times templates are {most:,} sentences, at most {MOST_SENTENCES:,} are read: shorten a list."
            )


def _check_line(kind: str, line: str) -> None:
    count = line.count(PLACE)
    shown = line if len(line) <= 60 else f"{line[:60]}…"
    if count != 1:
        found = "no placeholder {}" if count == 0 else f"{count} placeholders {{}}"
        raise InputError(f"The {kind} “{shown}” has {found}: it needs exactly one, as “{_example(kind)}”.")
    if len(line) > MOST_CHARACTERS:
        raise InputError(
            f"The {kind} “{shown}” has {len(line)} characters, at most {MOST_CHARACTERS} are read: shorten it."
        )
    if "\n" in line or "\r" in line:
        raise InputError(f"The {kind} “{' '.join(shown.split())}” runs over several lines: write one line.")


def _example(kind: str) -> str:
    return {"normal state": "flawless {}", "abnormal state": "damaged {}", "template": "a photo of a {}."}[kind]


def checked_object_name(name: str) -> str:
    """The name of an object with single spaces.

    Raises
    ------
    InputError
        When it is empty, too long, or holds a placeholder.
    """
    clean = " ".join(name.split())
    if not clean:
        raise InputError("The object has no name: type what the image shows, in English, as “metal nut”.")
    if len(clean) > MOST_NAME_CHARACTERS:
        raise InputError(
            f"The object's name has {len(clean)} characters, at most {MOST_NAME_CHARACTERS} are read: name it in a few "
            "words, as “metal nut”."
        )
    if PLACE in clean:
        raise InputError(f"The object's name “{clean}” holds a placeholder {{}}: those belong in states and templates.")
    return clean


def object_name_of(category: str) -> str:
    """What a category is called in a sentence: `metal_nut` becomes `metal nut`."""
    return " ".join(category.replace("_", " ").replace("-", " ").split())


def name_remark(name: str) -> str:
    """A sentence for a name that CLIP hardly knows, or nothing: it has learnt English."""
    if any(letter.isalpha() and not letter.isascii() for letter in name):
        return f"CLIP has learnt English names, “{name}” may tell it nothing: try the English word."
    return ""
