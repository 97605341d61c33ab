"""The errors a user can meet; each message says in one sentence what happened and what to do next."""


class SamInspectorError(Exception):
    """Base of all expected errors: the shell prints its message and exits with 1, the window shows it as a banner."""


class InputError(SamInspectorError):
    """An option, name or value given by the user does not fit."""


class PromptError(InputError):
    """A prompt that SAM can't take: outside the image, or a box of zero area."""


class ImageReadError(SamInspectorError):
    """A file is missing, damaged, or not an image."""


class MaskError(SamInspectorError):
    """A mask file is damaged or does not fit its image."""


class DatasetError(SamInspectorError):
    """A folder holds no images, or not the layout that was asked for."""


class PromptFileError(SamInspectorError):
    """A prompt set is damaged or belongs to other images."""


class StoreError(SamInspectorError):
    """Work could not be read or saved."""


class WeightsError(SamInspectorError):
    """Weights are missing, damaged, or could not be fetched."""


class ModelError(SamInspectorError):
    """A model can't do what was asked of it, or the device can't run it."""


class Cancelled(SamInspectorError):
    """The user cancelled a long operation."""
