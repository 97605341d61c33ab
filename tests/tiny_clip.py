"""A CLIP of random weights, small enough for tests; its parameters have the names of OpenAI's."""

import functools
from dataclasses import replace

import torch
from open_clip.model import CLIP

from sam_inspector.anomaly.clip_manifest import AdapterManifest
from sam_inspector.models.clip_loading import build_clip
from sam_inspector.models.clip_registry import CLIP_MODELS
from sam_inspector.models.devices import DeviceChoice

SIZE = 112
CELLS = SIZE // 14
CONFIG = {
    "embed_dim": 48,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 56, "layers": 4, "width": 64, "head_width": 32, "patch_size": 14},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
SPEC = replace(CLIP_MODELS["vit_l_14_336"], name="tiny", title="Tiny CLIP", taps=())
CPU = DeviceChoice("cpu", "float32", "a test")


def tiny_network(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return CLIP(CONFIG["embed_dim"], CONFIG["vision_cfg"], CONFIG["text_cfg"], quick_gelu=True).eval()


@functools.cache
def tiny_weights(seed=0):
    return tiny_network(seed).state_dict()


def tiny_clip(seed=0, device=CPU, spec=SPEC):
    """A new model each time: what it remembers belongs to one test."""
    return build_clip(spec, CONFIG, dict(tiny_weights(seed)), device, f"{seed:064x}")


def manifest(clip):
    """Of layers for a tiny CLIP."""
    return AdapterManifest(
        clip=clip.spec.name,
        clip_sha256=clip.weights_sha256,
        taps=clip.taps,
        width=clip.width,
        dimension=clip.dimension,
        image_size=112,
        datasets=("MVTec",),
        categories=("metal_nut", "grid"),
        images=12,
        data_sha256="ab",
        settings=(("batch_size", "8"),),
        epochs_done=2,
        losses=(3.1, 0.1 + 0.2),
    )
