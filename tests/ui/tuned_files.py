"""Tuned models without a network: their files, a segmenter that stands in for one, and a scripted training."""

import threading
import time
from dataclasses import replace

import cv2
import numpy as np
from safetensors.numpy import save_file

from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.engine.spt.checks import training_file
from sam_inspector.engine.spt.works import PreviewMask, SptProgress
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.models.registry import MODELS, get_model_spec
from sam_inspector.models.segmenter import DecodedPrompt
from sam_inspector.models.tuned.finding import tuned_folder
from sam_inspector.models.tuned.manifest import HeldOutScores, TunedManifest, read_tuned_manifest
from tests.fakes import FakeSegmenter

ZERO_SHOT = HeldOutScores(0.645, 0.34)


def scores(epoch):
    """What held-out images are worth after an epoch: better and better."""
    return HeldOutScores(0.8 - 0.16 * 0.5**epoch, 0.66 - 0.3 * 0.5**epoch, 0.7, 0.5, epoch)


def tuned_file(name, *, folder=None, base="mobile_sam", epochs=3, images=26, seed=0, judged=True):
    """Write a tuned model as far as lists need it; gives its file."""
    file = (folder or tuned_folder()) / f"{name}.safetensors"
    write(file, manifest(base, epochs, images, judged=judged), seed)
    return file


def write(file, told, seed=0):
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({"weights": np.full(8, seed, np.float32)}, file, {"manifest": told.to_json()})


def manifest(base, epochs, images=26, *, judged=True):
    settings = SptSettings()
    return TunedManifest(
        base,
        MODELS[base].sha256,
        "spt",
        "recommended",
        settings.recipe,
        ("part",),
        ("part",),
        tuple(f"{number:064x}" for number in range(images)),
        ("f" * 64,) if judged else (),
        str(settings.holdout),
        (),
        0,
        (),
        tuple(1 / epoch for epoch in range(1, epochs + 1)),
        ZERO_SHOT if judged else None,
        tuple(scores(epoch) for epoch in range(1, epochs + 1)) if judged else (),
        epochs,
    )


class TunedFake(FakeSegmenter):
    """Answers as a tuned model does: the mask that counts, and its draft where there is one."""

    def __init__(self, spec, masks=2):
        super().__init__(spec=spec)
        self.masks = masks

    def _answer(self, embedding, prompt):
        answer = super()._answer(embedding, prompt)
        return DecodedPrompt(answer.logits[: self.masks], answer.scores[: self.masks])


def load_by_name(masks=2):
    """A `load` that gives a stand-in of the model that is asked for; `made` has them by name."""
    made = {}

    def load(name, *, device="auto", precision="auto", report=None, cancelled=None):
        spec = get_model_spec(name)
        made[name] = TunedFake(spec, masks) if spec.tuned_sha256 else FakeSegmenter(spec=spec)
        return made[name]

    load.made = made
    return load


class ScriptedTuning:
    """Stands in for the training: one epoch each time that it is let, and files as the real one writes them.

    Attributes
    ----------
    works
        What was asked for, one after the other.
    """

    def __init__(self):
        self.works = []
        self.remarks = ()
        self.error = None
        self.has_drafts = True
        self._allowed = 0
        self._changed = threading.Lock()

    def let(self, epochs=1):
        with self._changed:
            self._allowed += epochs

    def __call__(self, work, inspector, *, cancelled):
        self.works.append(work)
        epochs, count = work.settings.epochs, len(work.samples)
        told = SptProgress(0, count + epochs * count, "Encoding", epochs=epochs)
        yield replace(told, remarks=self.remarks)
        done = 0
        if work.resume:
            done = read_tuned_manifest(training_file(work.out)).epochs_done
        is_judged = work.settings.holdout.kind != "none"
        for epoch in range(done + 1, epochs + 1):
            while not self._take():
                time.sleep(0.005)
                yield replace(told, text=f"Epoch {epoch} of {epochs}", epoch=epoch, loss=0.5, seconds_left=90.0)
            if self.error is not None:
                raise self.error
            kept = manifest(work.model, epoch, judged=is_judged)
            write(work.out, kept, epoch)
            if epoch < epochs:
                write(training_file(work.out), kept)
            else:
                training_file(work.out).unlink(missing_ok=True)
            told = replace(
                told,
                done=count + epoch * count,
                losses=kept.losses,
                zero_shot=kept.zero_shot,
                judged=kept.judged,
                kept_epoch=epoch,
            )
            yield replace(told, previews=self._previews(work) if is_judged else ())

    def _take(self):
        with self._changed:
            if self._allowed == 0:
                return False
            self._allowed -= 1
            return True

    def _previews(self, work):
        made = []
        for sample in work.samples[: work.previews]:
            image = read_image(sample.path)
            truth = sample.mask
            if truth is None:
                truth = read_mask(sample.mask_path, width=image.width, height=image.height)
            more = cv2.dilate(truth.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
            draft = (more, 0.7) if self.has_drafts else (None, None)
            made.append(PreviewMask(sample.path, truth, more, truth, 0.91, 0.61, *draft))
        return tuple(made)
