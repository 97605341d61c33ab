"""CLIP: an image tower whose tokens are taken at several depths, and a text tower that shares its space.

Sources: Radford et al. 2021 (CLIP); Chen et al. 2023 (APRIL-GAN: input of 518 pixels squashed to a square, bicubic;
tokens of the residual stream after the quarters of the depth). The networks are open_clip's.

Differences: a side that is no multiple of the patch is cut down to one (ViT-B/16: 512 instead of 518 pixels).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from sam_inspector.core.errors import Cancelled, InputError, ModelError
from sam_inspector.models.backbone import never
from sam_inspector.models.clip_registry import ClipSpec
from sam_inspector.models.devices import DeviceChoice

IMAGE_SIZE = 518
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
TEXT_BATCH = 16
"""Sentences read at a time: about a second of ViT-L/14's on a CPU of two cores."""
REMEMBERED_TEXTS = 4096
REMEMBERED_GRIDS = 4
TAPS = 4


@dataclass(frozen=True, eq=False, slots=True)
class ClipFeatures:
    """What CLIP says of an image; the image fills the grid whatever its format, so cells need not be square.

    Attributes
    ----------
    taps
        `(h × w, width)` each, float32, or bfloat16 where the tower computes in that: tokens of the residual stream
        after the tap blocks, row by row; without the class token, norm and projection.
    projected
        float32 `(h × w, D)` each: the same through CLIP's last norm and projection; not of length 1.
    grid
        `(h, w)`.
    image
        float32 `(D,)` of length 1: the embedding of the whole image.
    size
        `(height, width)` of the image in pixels.
    model
        Name of the CLIP model; only its own features can be compared.
    """

    taps: tuple[Tensor, ...]
    projected: tuple[Tensor, ...]
    grid: tuple[int, int]
    image: Tensor
    size: tuple[int, int]
    model: str


def quarters(depth: int) -> tuple[int, ...]:
    """The blocks at the quarters of a depth, counted from 1: `(6, 12, 18, 24)` of 24."""
    return tuple(max(1, round(depth * quarter / TAPS)) for quarter in range(1, TAPS + 1))


class ClipModel:
    """A CLIP network on a device, to be used from one thread.

    Parameters
    ----------
    network
        A CLIP module of open_clip: a ViT whose class token is pooled, and its text tower.
    tokenize
        Sentences to int64 `(N, context)`, as open_clip's tokenizers.
    token_count
        Tokens of a sentence with the two marks around it.
    weights_sha256
        Hash of the weights: what was trained for this model names it.
    """

    def __init__(
        self,
        spec: ClipSpec,
        network: Any,
        device: DeviceChoice,
        *,
        tokenize: Callable[[list[str]], Tensor],
        token_count: Callable[[str], int],
        weights_sha256: str,
    ) -> None:
        self.spec = spec
        self.device = device
        self.weights_sha256 = weights_sha256
        self._torch_device = torch.device(device.device)
        self._dtype: torch.dtype = getattr(torch, device.precision)
        # Any, as torch types every attribute of a module as a tensor or a module.
        self._network = network.eval().requires_grad_(False).to(self._torch_device)
        self._tokenize = tokenize
        self._token_count = token_count
        visual = self._network.visual
        self.patch_size = int(visual.conv1.kernel_size[0])
        self.width = int(visual.conv1.out_channels)
        self.dimension = int(visual.proj.shape[1])
        self.context = int(self._network.context_length)
        self.taps: tuple[int, ...] = spec.taps or quarters(len(visual.transformer.resblocks))
        mean, std = (torch.tensor(values, device=self._torch_device) for values in (MEAN, STD))
        self._mean, self._std = mean[:, None, None], std[:, None, None]
        self._positions: OrderedDict[int, Tensor] = OrderedDict()
        self._texts: OrderedDict[str, Tensor] = OrderedDict()

    @property
    def torch_device(self) -> torch.device:
        """Where tensors belong that meet this model's."""
        return self._torch_device

    # --- text ------------------------------------------------------------------------------------------------------

    def encode_text(self, sentences: Sequence[str], *, cancelled: Callable[[], bool] = never) -> Tensor:
        """Embed sentences; those asked for lately are remembered.

        Returns
        -------
        Tensor
            float32 `(N, D)`, rows of length 1.

        Raises
        ------
        InputError
            For a sentence of more tokens than the network reads, which would be cut off silently.
        Cancelled
            When `cancelled` said so, which is looked at between batches.
        """
        missing = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._texts]
        for sentence in missing:
            count = self._token_count(sentence)
            if count > self.context:
                raise InputError(
                    f"The sentence “{sentence[:60]}…” has {count} tokens, {self.spec.title} reads {self.context}: "
                    "shorten the object's name, the state or the template."
                )
        for start in range(0, len(missing), TEXT_BATCH):
            if cancelled():
                raise Cancelled("Reading the sentences was given up.")
            batch = missing[start : start + TEXT_BATCH]
            with torch.inference_mode(), self._autocast(), self._memory():
                rows = self._read(self._tokenize(batch).to(self._torch_device))
            self._texts.update(zip(batch, functional.normalize(rows.float(), dim=-1), strict=True))
        found = []
        for sentence in sentences:
            self._texts.move_to_end(sentence)
            found.append(self._texts[sentence])
        while len(self._texts) > REMEMBERED_TEXTS:
            self._texts.popitem(last=False)
        if not found:
            return torch.zeros(0, self.dimension, device=self._torch_device)
        return torch.stack(found)

    def _read(self, tokens: Tensor) -> Tensor:
        """What open_clip's `encode_text` gives, of the longest sentence's length instead of the whole context.

        Each token looks at those before it alone, so padding behind the last mark changes nothing but the time.
        """
        network = self._network
        last = tokens.argmax(dim=-1)  # the mark at the end has the highest number
        length = int(last.max()) + 1
        rows = network.token_embedding(tokens[:, :length]) + network.positional_embedding[:length]
        rows = network.ln_final(network.transformer(rows, attn_mask=network.attn_mask[:length, :length]))
        embedded: Tensor = rows[torch.arange(len(rows), device=rows.device), last] @ network.text_projection
        return embedded

    # --- images ----------------------------------------------------------------------------------------------------

    def side(self, image_size: int) -> int:
        """The side in pixels that images are shown at: the largest multiple of the patch up to `image_size`.

        Raises
        ------
        InputError
            When not even one patch fits.
        """
        side = image_size // self.patch_size * self.patch_size
        if side <= 0:
            raise InputError(
                f"Images of {image_size} pixels are smaller than a patch of {self.spec.title} ({self.patch_size} "
                f"pixels): ask for {IMAGE_SIZE}."
            )
        return side

    def describe(
        self, pixels: NDArray[np.uint8], *, image_size: int = IMAGE_SIZE, cancelled: Callable[[], bool] = never
    ) -> ClipFeatures:
        """Describe an image.

        Parameters
        ----------
        pixels
            uint8 `(H, W, 3)`, RGB, of any size from one pixel on; squashed to a square.
        image_size
            Side of that square, cut down to a multiple of the patch.
        cancelled
            Looked at between the network's blocks.

        Raises
        ------
        Cancelled
            When `cancelled` said so.
        ModelError
            When the device ran out of memory.
        InputError
            For an image size smaller than a patch.
        """
        side = self.side(image_size)
        visual = self._network.visual
        resized = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
        shown = torch.from_numpy(np.array(resized)).to(self._torch_device).permute(2, 0, 1).float().div_(255.0)
        taps: list[Tensor] = []
        with torch.inference_mode(), self._autocast(), self._memory():
            cells = visual.conv1(((shown - self._mean) / self._std)[None]).float()
            tokens = torch.cat([visual.class_embedding.float()[None, None], cells.flatten(2).transpose(1, 2)], dim=1)
            tokens = visual.ln_pre(tokens + self._grid_positions(side // self.patch_size))
            for number, block in enumerate(visual.transformer.resblocks, start=1):
                if cancelled():
                    raise Cancelled("Describing the image was given up.")
                tokens = block(tokens)
                if number in self.taps:
                    taps.append(tokens[0, 1:])
            image = (visual.ln_post(tokens[:, 0]) @ visual.proj).float()[0]
            projected = tuple((visual.ln_post(tap) @ visual.proj).float() for tap in taps)
        stored = torch.bfloat16 if self._dtype is torch.bfloat16 else torch.float32
        grid = (side // self.patch_size, side // self.patch_size)
        return ClipFeatures(
            tuple(tap.to(stored) for tap in taps),
            projected,
            grid,
            functional.normalize(image, dim=0),
            (int(pixels.shape[0]), int(pixels.shape[1])),
            self.spec.name,
        )

    def _grid_positions(self, cells: int) -> Tensor:
        """Position embeddings float32 `(1 + cells², width)`, the grid's interpolated as open_clip does it."""
        if cells not in self._positions:
            own = self._network.visual.positional_embedding.float()
            first, grid = own[:1], own[1:]
            side = round(len(grid) ** 0.5)
            if side != cells:
                square = grid.reshape(1, side, side, -1).permute(0, 3, 1, 2)
                square = functional.interpolate(
                    square, (cells, cells), mode="bicubic", antialias=True, align_corners=False
                )
                grid = square.permute(0, 2, 3, 1).reshape(cells * cells, -1)
            self._positions[cells] = torch.cat([first, grid])
            if len(self._positions) > REMEMBERED_GRIDS:
                self._positions.popitem(last=False)
        return self._positions[cells]

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._torch_device.type, self._dtype, enabled=self._dtype is not torch.float32)

    @contextmanager
    def _memory(self) -> Iterator[None]:
        """Turn torch's word for a full device into ours."""
        try:
            yield
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise ModelError(
                f"{self.spec.title} needs more memory than {self.device.device} has free: choose a smaller CLIP model "
                "or image size, or the CPU."
            ) from error
