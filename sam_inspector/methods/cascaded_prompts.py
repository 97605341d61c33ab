"""System 4: CLIP and SAM together, by cascaded prompts.

Source: Hou et al. 2025, “Enhancing Zero-Shot Anomaly Detection: CLIP-SAM Collaboration with Cascaded Prompts”
(arXiv 2510.11028). A map says where something is odd; co-feature points (`prompting.co_feature_points`) tell SAM what
to take and what to leave; three passes of its decoder (`prompting.cascade`) sharpen the mask; map and mask together
rank the pixels. The map may come from CLIP, as published, or from normal images.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.prompting.cascade_settings import ScoreRule


def cascade_scores(anomaly_map: AnomalyMap, logits: NDArray[np.float32], rule: ScoreRule) -> NDArray[np.float32]:
    """What ranks the pixels of an image.

    Parameters
    ----------
    anomaly_map
        Laid over the whole image; its range is that of its dataset, so that images can be pooled.
    logits
        float32 `(H, W)`: those of the united mask.

    Returns
    -------
    float32 `(H, W)`; in [0, 1] but for the rule `mask`, which gives the logits back.
    """
    if rule == "mask":
        return logits
    low, high = anomaly_map.low, anomaly_map.high
    height, width = logits.shape
    normal = np.clip((anomaly_map.values - low) / max(high - low, 1e-12), 0, 1).astype(np.float32)
    resized = cv2.resize(normal, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width)
    probability = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    found = resized * probability if rule == "product" else (resized + probability) / 2
    return np.ascontiguousarray(found, np.float32)
