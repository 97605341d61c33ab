import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.references import NoNormalImagesError, choose_references, named_references, normal_samples


@pytest.fixture
def dataset(category):
    return open_dataset(category)


def names(samples):
    return [sample.relative_path for sample in samples]


def training(*numbers):
    return [f"train/good/{number:03}.png" for number in numbers]


def test_the_first_ones(dataset):
    assert names(choose_references(dataset, "part", ReferenceChoice(count=2))) == training(0, 1)


@pytest.mark.parametrize("kind", ["first", "random"])
def test_more_than_there_are_takes_all(dataset, kind):
    assert names(choose_references(dataset, "part", ReferenceChoice(kind, 99))) == training(0, 1, 2, 3)


def test_test_images_never_serve_by_themselves(dataset):
    assert names(normal_samples(dataset, "part")) == training(0, 1, 2, 3)


def test_a_seed_always_draws_the_same(dataset):
    drawn = {seed: names(choose_references(dataset, "part", ReferenceChoice("random", 2, seed))) for seed in range(12)}
    assert all(len(set(found)) == 2 and set(found) <= set(training(0, 1, 2, 3)) for found in drawn.values())
    assert len({tuple(found) for found in drawn.values()}) > 2
    for seed, found in drawn.items():
        assert names(choose_references(dataset, "part", ReferenceChoice("random", 2, seed))) == found


def test_picked_ones_in_the_order_they_were_picked(dataset):
    wanted = ("test/good/000.png", "train/good/002.png", "gone.png")
    keys = tuple(
        dataset.path_in_root(sample) for name in wanted for sample in dataset.samples if sample.relative_path == name
    )
    found = choose_references(dataset, "part", ReferenceChoice("picked", picked=(*keys, "gone.png")))
    assert names(found) == list(wanted[:2])


@pytest.mark.parametrize("picked", [(), ("gone.png",)])
def test_nothing_picked(dataset, picked):
    with pytest.raises(InputError, match="select some"):
        choose_references(dataset, "part", ReferenceChoice("picked", picked=picked))


@pytest.mark.parametrize("kind", ["first", "random"])
@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one(dataset, kind, count):
    with pytest.raises(InputError, match=f"{count} normal images were asked for"):
        choose_references(dataset, "part", ReferenceChoice(kind, count))


def test_a_folder_that_knows_no_normal_images(tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(folder / "a.png")
    dataset = open_dataset(folder)
    with pytest.raises(InputError, match="put some in train/good"):
        choose_references(dataset, dataset.categories[0], ReferenceChoice())
    picked = ReferenceChoice("picked", picked=("a.png",))
    assert names(choose_references(dataset, dataset.categories[0], picked)) == ["a.png"]


def named(dataset, *paths, count=2, kind="first"):
    choice = named_references(paths, ReferenceChoice(kind, count))
    return choice, choose_references(dataset, "part", choice)


def test_images_that_a_person_names_all_count(dataset, tmp_path):
    elsewhere = tmp_path / "elsewhere.png"
    elsewhere.write_bytes((dataset.root / "train/good/000.png").read_bytes())
    files = [elsewhere, *(dataset.root / f"train/good/{number:03}.png" for number in (3, 1))]
    choice, found = named(dataset, *files)
    assert ([sample.path for sample in found], choice.count) == (files, 3)


def test_of_a_folder_the_first_count_or_some_by_the_seed(dataset, tmp_path):
    folder = dataset.root / "train/good"
    _, found = named(dataset, folder)
    assert [sample.path.name for sample in found] == ["000.png", "001.png"]
    assert named(dataset, folder, count=9)[0].count == 9, "so that a run can say that there are fewer"
    drawn = {tuple(sample.path.name for sample in named(dataset, folder, kind="random")[1])}
    assert all(len(names) == 2 for names in drawn)
    _, found = named(dataset, dataset.root, count=9)
    assert {sample.path.parent.name for sample in found} == {"good"}, "of a category its normal images"
    assert len(found) == 4


def test_references_that_can_not_be_named(dataset, tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "empty").mkdir()
    for path, error, words in (
        (tmp_path / "nowhere", DatasetError, "no file or folder"),
        (tmp_path / "notes.txt", InputError, "is not an image"),
        (tmp_path / "empty", DatasetError, "holds no images"),
    ):
        with pytest.raises(error, match=words):
            named(dataset, path)
    with pytest.raises(InputError, match="0 normal images"):
        named(dataset, dataset.root, count=0)


def test_the_category_without_normal_images_is_named(dataset):
    with pytest.raises(NoNormalImagesError) as told:
        choose_references(dataset, "cup", ReferenceChoice())
    assert told.value.category == "cup"
