"""What is added to SAM: it changes nothing before it is trained, and has as many parameters as published."""

import copy

import pytest
import torch
from segment_anything import sam_model_registry
from torch import nn
from torch.testing import assert_close

from sam_inspector.models.prompt_tensors import PromptTensors
from sam_inspector.models.sam import build_sam
from sam_inspector.models.tuned.encoder_lora import encoder_with_lora
from sam_inspector.models.tuned.lora import LoraLinear, add_lora, merge_lora
from sam_inspector.models.tuned.perception import SelfPerception
from sam_inspector.models.tuned.recipe import TunedRecipe
from tests.models.tiny_networks import tiny_vit_sam

PUBLISHED = TunedRecipe(weights="lora", encoder_lora=True, relation_block=1)
BOX = PromptTensors(boxes=torch.tensor([[100.0, 120.0, 400.0, 380.0], [10.0, 10.0, 60.0, 90.0]]))


@pytest.fixture(scope="module")
def sam():
    return tiny_vit_sam().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def features():
    return torch.randn(1, 256, 64, 64, generator=torch.Generator().manual_seed(0))


def plain(sam, features, prompts):
    """The decoder as the package runs it."""
    sparse, dense = sam.prompt_encoder(points=None, boxes=prompts.boxes, masks=prompts.masks)
    return sam.mask_decoder.predict_masks(
        image_embeddings=features,
        image_pe=sam.prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
    )


@pytest.mark.parametrize("weights", ["frozen", "lora", "all"])
@pytest.mark.parametrize("block", [1, 4])
@torch.no_grad()
def test_untrained_it_is_plain_sam_to_the_bit(sam, features, weights, block):
    perception = SelfPerception(sam, TunedRecipe(weights, relation_block=block))
    found = perception(features, BOX, perception.relate(features))
    masks, scores = plain(sam, features, BOX)
    assert torch.equal(found.draft, masks)
    assert torch.equal(found.draft_scores, scores)
    again, _ = plain(sam, features, PromptTensors(boxes=BOX.boxes, masks=masks[:, :1]))
    assert torch.equal(found.refined, again)


@torch.no_grad()
def test_the_adapter_changes_it_once_its_scale_is_not_zero(sam, features):
    perception = SelfPerception(sam, TunedRecipe("frozen", drafts=False))
    perception.refine.scales[0].fill_(0.1)
    found = perception(features, BOX, perception.relate(features))
    assert not torch.equal(found.refined, plain(sam, features, BOX)[0])
    # And leaves the decoder as it was for others.
    assert not any(layer._forward_hooks for layer in perception.refine.decoder.transformer.layers)


def test_gradients_end_at_the_draft(sam, features):
    for detach, expected in ((True, False), (False, True)):
        perception = SelfPerception(sam, TunedRecipe("all", draft_detach=detach))
        perception(features, BOX, perception.relate(features)).refined[:, 0].sum().backward()
        reaches = any(
            value.grad is not None and bool(value.grad.any()) for value in perception.draft.decoder.parameters()
        )
        assert reaches is expected


@torch.no_grad()
def test_the_draft_may_be_given_as_probabilities(sam, features):
    given = {
        choice: SelfPerception(sam, TunedRecipe("frozen", relational=False, draft_sigmoid=choice))(features, BOX, None)
        for choice in (False, True)
    }
    assert torch.equal(given[False].draft, given[True].draft)
    assert not torch.equal(given[False].refined, given[True].refined)


@pytest.mark.parametrize(
    ("architecture", "count"),
    [
        ("vit_b", 390_144),
        ("vit_l", 881_664),
        ("vit_h", 1_405_952),
    ],
)
def test_as_many_parameters_as_published(architecture, count):
    """T19. Built without memory for the weights: only shapes count."""
    with torch.device("meta"):
        sam = sam_model_registry[architecture](checkpoint=None)
        perception = SelfPerception(sam, PUBLISHED)
    assert sum(value.numel() for value in perception.trained().values()) == count


def test_a_decoder_alone_has_its_share(sam):
    trained = SelfPerception(sam, TunedRecipe("lora", drafts=False)).trained()
    lora = sum(value.numel() for name, value in trained.items() if "scales" not in name)
    assert lora == 47_104
    assert sum(value.numel() for name, value in trained.items() if "scales" in name) == 512


def test_what_is_loaded_after_eval_counts(sam):
    """The trap of layers that merge themselves: loaded late, a product was ignored, then taken off the weights."""
    torch.manual_seed(0)
    layer = LoraLinear(nn.Linear(6, 4))
    trained = copy.deepcopy(layer.state_dict())
    trained["up.0"] = torch.randn(4, 8)
    inputs, before = torch.randn(3, 6), layer.base.weight.clone()
    layer.eval()
    layer.load_state_dict(trained)
    expected = nn.functional.linear(inputs, before + trained["up.0"] @ trained["down.0"] * 0.125, layer.base.bias)
    assert_close(layer(inputs), expected)
    layer.train()
    layer.eval()
    assert torch.equal(layer.base.weight, before)
    assert_close(layer(inputs), expected)
    network = nn.ModuleDict({"part": layer})
    merge_lora(network)
    assert type(network["part"]) is nn.Linear
    assert_close(network["part"](inputs), expected)


def test_lora_is_put_beside_named_layers_only():
    network = nn.ModuleDict({"q_proj": nn.Linear(4, 4), "k_proj": nn.Linear(4, 4)})
    add_lora(network, ("q_proj",))
    assert isinstance(network["q_proj"], LoraLinear)
    assert type(network["k_proj"]) is nn.Linear


@pytest.mark.parametrize("architecture", ["tiny ViT", "vit_t"])
@torch.no_grad()
def test_the_encoder_learns_in_queries_and_values_alone(sam, architecture):
    encoder = sam.image_encoder if architecture == "tiny ViT" else build_sam("vit_t").image_encoder.eval()
    tuned = encoder_with_lora(encoder, rank=8, alpha=1.0).eval()
    attention = next(module for module in tuned.modules() if isinstance(getattr(module, "qkv", None), LoraLinear))
    before = attention.qkv.base.weight
    for matrix in attention.qkv.up:
        matrix.fill_(1.0)
    changed = (attention.qkv.weight != before).any(dim=1)
    width = before.shape[0]
    if architecture == "tiny ViT":
        expected = torch.arange(width) // (width // 3) != 1
    else:
        head = torch.arange(width) % (width // attention.num_heads)
        expected = (head < attention.key_dim) | (head >= 2 * attention.key_dim)
    assert torch.equal(changed, expected)
