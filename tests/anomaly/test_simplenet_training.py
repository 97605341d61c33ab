from dataclasses import replace

import numpy as np
import pytest
import torch

from sam_inspector.anomaly.simplenet import training
from sam_inspector.anomaly.simplenet.network import judging
from sam_inspector.anomaly.simplenet.recipe import RECIPES, simplenet_recipe
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.anomaly.simplenet.token_store import TokenStore
from sam_inspector.core.errors import InputError, ModelError
from sam_inspector.core.metrics.ranking import rank_pixels
from tests.anomaly.simplenet_runs import GRID, SMALL, WIDTH, begun, noise_image, rows, store_of, trained


@pytest.fixture(scope="module")
def store():
    return store_of([noise_image(seed) for seed in range(8)])


def bits(run):
    state = run.state()
    groups = (state.weights, state.discriminator_optimiser, state.adaptor_optimiser)
    return {f"{number}.{name}": value for number, group in enumerate(groups) for name, value in group.items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_planted_block_stands_out(store):
    run = trained(store, 60)
    assert run.losses[-1] < 0.8 * run.losses[0]
    tokens = rows(noise_image(99)).reshape(GRID, GRID, WIDTH).clone()
    block = np.zeros((GRID, GRID), bool)
    block[4:7, 6:9] = True
    tokens[4:7, 6:9] += 6
    with judging(run.network):
        scores = -run.network(tokens.flatten(0, 1)).reshape(GRID, GRID).numpy()
    assert rank_pixels(scores, block).auroc > 0.99
    assert block[np.unravel_index(scores.argmax(), scores.shape)]


def test_a_seed_makes_the_same_weights_and_another_does_not(store):
    one, same_again, other = trained(store, 3), trained(store, 3), trained(store, 3, seed=1)
    assert same(bits(one), bits(same_again))
    assert one.losses == same_again.losses
    assert not same(bits(one), bits(other))


def test_other_random_numbers_have_no_influence(store):
    one = trained(store, 2)
    other = begun(store)
    for epoch in range(2):
        for _ in other.epoch_steps(store):
            torch.randn(7)
            np.random.default_rng(epoch).random()
    assert same(bits(one), bits(other))


def test_from_a_state_training_goes_on_as_if_it_had_not_stopped(store):
    whole = trained(store, 5)
    first = trained(store, 2)
    state = first.state()
    trained_further = first.epoch_steps(store)
    next(trained_further)  # what a state holds stays as it is
    later = begun(store, seed=0)
    later.restore(state)
    for _ in range(3):
        for _ in later.epoch_steps(store):
            pass
    assert same(bits(whole), bits(later))
    assert whole.losses == later.losses


def test_a_state_of_another_network_is_refused(store):
    run = trained(store, 1)
    other = begun(store, replace(SMALL, hidden=5))
    with pytest.raises(InputError, match="no state to go on from"):
        other.restore(run.state())
    with pytest.raises(InputError, match="no state to go on from"):
        begun(store).restore(replace(run.state(), adaptor_optimiser={}))


def test_optimisers_are_the_published_ones():
    recipe = RECIPES["faithful"]
    run = begun(store_of([noise_image(0, width=16)]), replace(recipe, width=None, hidden=8))
    discriminator, adaptor = run._discriminator_optimiser, run._adaptor_optimiser
    assert type(discriminator) is torch.optim.Adam
    assert (discriminator.defaults["lr"], discriminator.defaults["weight_decay"]) == (2e-4, 1e-5)
    assert type(adaptor) is torch.optim.AdamW
    assert (adaptor.defaults["lr"], adaptor.defaults["weight_decay"]) == (1e-4, 1e-2)
    assert (recipe.noise, recipe.tokens_a_step, recipe.least_steps) == (0.015, None, 1)
    assert SimpleNetSettings().epochs == 160
    assert SimpleNetSettings().batch_size == 8


def test_an_epoch_shows_every_token_of_every_image_once():
    images = [noise_image(seed) for seed in range(5)]
    store = store_of(images)
    batches = list(store.batches(0, 0, images=2, tokens=None, least=1))
    assert [len(batch) for batch in batches] == [288, 288, 144]
    assert store.steps_an_epoch(2, 1) == 3
    seen = torch.cat(batches).float().sum(1).sort().values
    held = torch.cat([rows(image).half() for image in images]).float().sum(1).sort().values
    assert torch.equal(seen, held)
    assert not torch.equal(batches[0], next(store.batches(0, 1, images=2, tokens=None, least=1)))


def test_few_images_are_passed_over_until_there_are_enough_steps():
    store = store_of([noise_image(0), noise_image(1)])
    batches = list(store.batches(0, 0, images=8, tokens=100, least=4))
    assert [len(batch) for batch in batches] == [100] * 4
    assert store.steps_an_epoch(8, 4) == 4


def test_tokens_beyond_the_room_are_drawn_evenly_and_always_the_same():
    images = [noise_image(seed) for seed in range(4)]
    room = 4 * 50 * WIDTH * 2
    one, again = store_of(images, most_bytes=room), store_of(images, most_bytes=room)
    whole = store_of(images)
    assert one.dropped
    assert not whole.dropped
    (batch,) = one.batches(0, 0, images=4, tokens=None, least=1)
    assert len(batch) == 200
    assert torch.equal(batch, next(again.batches(0, 0, images=4, tokens=None, least=1)))
    known = {tuple(row) for image in images for row in rows(image).half().tolist()}
    assert all(tuple(row) in known for row in batch.tolist())


def test_each_value_of_standardised_tokens_has_mean_0_and_spread_1():
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randn(500, 6, generator=generator) * torch.tensor([1.0, 2, 3, 4, 5, 6]) + 100
    store = TokenStore(1, 10**6, 0)
    store.add(tokens)
    placed = store.space().place(tokens)
    assert placed.mean(0).abs().max() < 0.02
    assert (placed.std(0) - 1).abs().max() < 0.02
    flat = TokenStore(1, 10**6, 0)
    flat.add(torch.full((9, 6), 3.0))
    assert not flat.space().place(torch.full((2, 6), 3.0)).any()
    tokens[:, 2] = 7  # hardly a difference from what never varied would else look endless
    still = TokenStore(1, 10**6, 0)
    still.add(tokens)
    assert still.space().scale[2] == pytest.approx(1 / (0.01 * (tokens.var(0).mean() ** 0.5).item()), rel=0.01)


def test_where_memory_runs_out_steps_become_smaller_and_that_is_said_once(store, monkeypatch):
    sizes = []
    step = training.TrainingRun._step

    def short(self, tokens, generator):
        sizes.append(len(tokens))
        if len(tokens) > 100:
            self.network.rate_with_noise(tokens.float(), torch.zeros(len(tokens), WIDTH))  # touches the statistics
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return step(self, tokens, generator)

    monkeypatch.setattr(training.TrainingRun, "_step", short)
    run = trained(store, 2)
    assert run.parts_a_step == 4
    assert sizes[:7] == [256, 128, 64, 64, 64, 64, 64]
    (remark,) = run.new_remarks()
    assert "not enough memory" in remark
    assert run.new_remarks() == ()
    assert run.network.discriminator[1].num_batches_tracked == 2 * 2 * 4
    assert np.isfinite(run.losses).all()


def test_without_memory_for_any_step_it_ends_with_a_sentence(store, monkeypatch):
    def none(self, tokens, generator):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(training.TrainingRun, "_step", none)
    with pytest.raises(ModelError, match="not enough memory to train"):
        trained(store, 1)

    def broken(self, tokens, generator):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(training.TrainingRun, "_step", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        trained(store, 1)


def test_a_loss_that_is_no_number_ends_the_run(store, monkeypatch):
    monkeypatch.setattr(training.TrainingRun, "_step", lambda *_: float("nan"))
    with pytest.raises(InputError, match="no number any more"):
        trained(store, 1)


def test_one_image_is_enough_for_the_norm():
    run = trained(store_of([noise_image(0)]), 2, replace(SMALL, tokens_a_step=None))
    assert np.isfinite(run.losses).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SimpleNetSettings(backbone="nope"), "no backbone “nope”"),
        (SimpleNetSettings(preset="nope"), "no preset “nope”"),
        (SimpleNetSettings(preset="faithful"), "published with the backbone “wide_resnet50_2”"),
        (SimpleNetSettings(epochs=0), "can't take 0 epochs"),
        (SimpleNetSettings(batch_size=0), "can't take 0 images a batch"),
        (SimpleNetSettings(seed=-1), "can't take -1 as seed"),
        (SimpleNetSettings(noise=0.0), "Noise of 0 teaches nothing"),
        (SimpleNetSettings(noise=float("nan")), "Noise of nan teaches nothing"),
        (SimpleNetSettings(cache_bytes=0), "can't take 0 bytes of features"),
    ],
)
def test_settings_that_train_nothing_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        simplenet_recipe(settings)


def test_noise_may_be_chosen():
    assert simplenet_recipe(SimpleNetSettings(noise=0.3)).noise == 0.3
    assert simplenet_recipe(SimpleNetSettings()) == RECIPES["recommended"]
