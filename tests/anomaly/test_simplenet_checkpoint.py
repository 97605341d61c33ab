import json
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from sam_inspector.anomaly.simplenet.checkpoint import SavedSimpleNet, check_fits, load_simplenet, save_simplenet
from sam_inspector.anomaly.simplenet.manifest import SimpleNetManifest, read_simplenet_manifest
from sam_inspector.anomaly.simplenet.settings import PAPER_PROTOCOL
from sam_inspector.anomaly.simplenet.training import BestEpoch
from sam_inspector.core.errors import InputError, StoreError
from sam_inspector.models.manifests import METADATA_KEY
from tests.anomaly.simplenet_runs import SMALL, WIDTH, noise_image, store_of, trained

MANIFEST = SimpleNetManifest(
    backbone="sam:mobile_sam",
    backbone_sha256="ab12",
    precision="float32",
    preset="recommended",
    category="hazelnut",
    images=("00ff", "11ff"),
    image_names=("000.png", "001.png"),
    size=(512, 522),
    preparation="",
    settings=(("batch_size", "8"), ("noise", "0.5")),
    width=WIDTH,
    hidden=WIDTH,
    seed=4,
    versions=(("torch", "2"),),
)


@pytest.fixture(scope="module")
def saved():
    run = trained(store_of([noise_image(0), noise_image(1)]), 2, SMALL)
    maps = (np.linspace(-1, 0, 12, dtype=np.float32).reshape(3, 4),)
    return SavedSimpleNet(replace(MANIFEST, losses=run.losses), run.space, run.state(), maps)


@pytest.fixture
def path(tmp_path, saved):
    save_simplenet(tmp_path / "hazelnut.safetensors", saved)
    return tmp_path / "hazelnut.safetensors"


def test_all_of_it_comes_back(path, saved):
    found = load_simplenet(path)
    assert found.manifest == saved.manifest == read_simplenet_manifest(path)
    assert found.manifest.epochs_done == found.manifest.epoch == 2
    assert torch.equal(found.space.mean, saved.space.mean)
    for name in ("weights", "discriminator_optimiser", "adaptor_optimiser"):
        one, other = getattr(found.state, name), getattr(saved.state, name)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)
    assert np.array_equal(found.normal_maps[0], saved.normal_maps[0])
    weights = found.network().state_dict()
    assert all(torch.equal(weights[name], saved.state.weights[name]) for name in weights)


def test_the_same_state_gives_the_same_bytes(path, saved):
    other = path.with_name("other.safetensors")
    save_simplenet(other, load_simplenet(path))
    assert other.read_bytes() == path.read_bytes()


def test_the_best_epoch_makes_maps_where_the_paper_protocol_was_asked_for(tmp_path, saved):
    weights = {name: value + 1 for name, value in saved.state.weights.items()}
    best = BestEpoch(1, 0.9, 0.8, weights)
    manifest = replace(
        saved.manifest, protocol=PAPER_PROTOCOL, best_epoch=1, best_image_auroc=0.9, best_pixel_auroc=0.8
    )
    path = tmp_path / "paper.safetensors"
    save_simplenet(path, replace(saved, manifest=manifest, state=replace(saved.state, best=best)))
    found = load_simplenet(path)
    assert (found.manifest.epoch, found.manifest.epochs_done) == (1, 2)
    assert found.state.best.rank == (0.9, 0.8)
    assert torch.equal(found.network().adaptor.bias, saved.state.weights["adaptor.bias"] + 1)
    assert torch.equal(found.state.weights["adaptor.bias"], saved.state.weights["adaptor.bias"])


def test_the_window_reads_a_manifest_without_torch(path):
    code = (
        "import sys; from pathlib import Path; from sam_inspector.anomaly.simplenet.manifest import "
        f"read_simplenet_manifest as read; read(Path({str(path)!r})); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_other_features_are_refused(path):
    def check(**other):
        check_fits(MANIFEST, path, **({"backbone": "sam:mobile_sam", "sha256": "ab12", "preparation": ""} | other))

    check()
    with pytest.raises(InputError, match="trained for sam:mobile_sam and means nothing for sam:sam_vit_b"):
        check(backbone="sam:sam_vit_b")
    with pytest.raises(InputError, match="other weights of sam:mobile_sam"):
        check(sha256="cd34")
    with pytest.raises(InputError, match="were prepared by nothing, these by “no background”"):
        check(preparation="no background")


def test_what_is_no_simplenet_is_refused_in_a_sentence(path, tmp_path):
    whole = path.read_bytes()
    tensors = load_file(path)
    manifest = json.loads(MANIFEST.to_json()) | {"losses": [1.0, 0.5]}

    def file(name, values=tensors, said=None):
        metadata = None if said is None else {METADATA_KEY: said if isinstance(said, str) else json.dumps(said)}
        save_file(values, tmp_path / name, metadata)
        return tmp_path / name

    (tmp_path / "short").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("notes")
    with (tmp_path / "pickle").open("wb") as pickled:
        pickle.dump({"network": 1}, pickled)
    torch.save(tensors, tmp_path / "torch")
    less = {name: value for name, value in tensors.items() if name != "network.adaptor.bias"}
    no_maps = {name: value for name, value in tensors.items() if not name.startswith("normal.")}
    no_space = {name: value for name, value in tensors.items() if not name.startswith("space.")}
    infinite = tensors | {"network.adaptor.bias": torch.full((WIDTH,), float("nan"))}
    for damaged, message in (
        (tmp_path / "none", "There is no SimpleNet"),
        (tmp_path, "There is no SimpleNet"),
        (tmp_path / "short", "is damaged or none at all"),
        (tmp_path / "empty", "is damaged or none at all"),
        (tmp_path / "text", "is damaged or none at all"),
        (tmp_path / "pickle", "is damaged or none at all"),
        (tmp_path / "torch", "is damaged or none at all"),
        (file("unsaid"), "is no SimpleNet"),
        (file("other", said="{not json"), "is no SimpleNet"),
        (file("list", said=[1]), "is no SimpleNet"),
        (file("old", said=manifest | {"version": "sam-inspector/simplenet/0"}), "of another version"),
        (file("lacking", said={"version": manifest["version"]}), "is damaged"),
        (file("odd", said=manifest | {"width": "wide"}), "is damaged \\(at “width”\\)"),
        (file("huge", said=manifest | {"width": 10**9}), "is damaged"),
        (file("negative", said=manifest | {"width": -1}), "is damaged"),
        (file("less", less, manifest), "is damaged"),
        (file("no maps", no_maps, manifest), "is damaged"),
        (file("no space", no_space, manifest), "is damaged"),
        (file("infinite", infinite, manifest), "is damaged"),
        (file("other width", tensors, manifest | {"width": 7}), "is damaged"),
    ):
        with pytest.raises(InputError, match=message):
            load_simplenet(damaged)


def test_what_was_there_stays_when_it_can_not_be_written(path, saved):
    before = path.read_bytes()
    with pytest.raises(StoreError):
        save_simplenet(path / "deeper.safetensors", saved)
    assert path.read_bytes() == before
