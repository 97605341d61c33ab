"""Whether a backbone of anomaly maps can be loaded; asked without torch, before hours of work count on it."""

from __future__ import annotations

from sam_inspector.core.errors import WeightsError
from sam_inspector.models.backbone_registry import SAM_BACKBONE, get_backbone_spec
from sam_inspector.models.weights import weights_status


def require_backbone_weights(name: str) -> None:
    """Refuse a backbone whose weights are not there; nothing is fetched before a person has seen what it is.

    Raises
    ------
    InputError
        For an unknown backbone.
    WeightsError
        When its weights are not there: the message has size, licence, address and place.
    """
    spec = get_backbone_spec(name)
    if spec.weights is None:
        return
    status = weights_status(spec)
    if status.state != "ready":
        origin = " or ".join(str(source) for source in spec.weights.sources)
        raise WeightsError(
            f"The backbone {spec.title} needs weights that are not here ({spec.size_bytes / 1e6:.0f} MB, "
            f"licence {spec.licence}): fetch them with “sam-inspector models get {spec.name}” from {origin}, "
            f"or put the file at {status.path}; the backbone “{SAM_BACKBONE}” needs none."
        )
