from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from core.synthesis import networks
from core.synthesis.networks import Discriminator, Generator, PerImageNorm

UPSAMPLING = ("resize", "transposed")


def drawn(network: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    networks.draw_weights(network)
    return network


@pytest.mark.parametrize("upsampling", UPSAMPLING)
@pytest.mark.parametrize(("blocks", "size"), [(6, 32), (9, 48)])
def test_a_generator_gives_an_image_of_the_same_shape_in_range(upsampling, blocks, size):
    generator = drawn(Generator(width=4, blocks=blocks, upsampling=upsampling))
    images = torch.rand(2, 1, size, size) * 2 - 1

    painted = generator(images)

    assert painted.shape == images.shape
    assert painted.abs().max() <= 1
    painted.square().mean().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in generator.parameters())


def test_a_generator_of_the_papers_size_has_its_number_of_weights():
    """Counted by hand from the layers that the appendix lists, for one channel."""
    generator = Generator(width=64, blocks=9, upsampling="transposed")

    kernels = sum(weight.numel() for weight in generator.parameters() if weight.ndim == 4)

    by_hand = 64 * 49 + 128 * 64 * 9 + 256 * 128 * 9 + 18 * 256 * 256 * 9 + 256 * 128 * 9 + 128 * 64 * 9 + 64 * 49
    assert kernels == by_hand


def test_images_of_a_batch_do_not_know_of_each_other():
    generator = drawn(Generator(width=4, blocks=6, upsampling="resize"))
    images = torch.rand(3, 1, 32, 32) * 2 - 1

    together, apart = generator(images), torch.cat([generator(image[None]) for image in images])

    assert torch.allclose(together, apart, atol=1e-5)


@pytest.mark.parametrize("size", [128, 131])
def test_a_value_of_the_discriminator_sees_70_by_70_pixels(size):
    discriminator = Discriminator(width=4)
    for layer in discriminator.modules():  # all kernels positive, no evening: every pixel in reach counts
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 0.01)
    layers = [layer for layer in discriminator.layers if isinstance(layer, nn.Conv2d)]
    images = torch.ones(1, 1, size, size, requires_grad=True)

    judged = nn.Sequential(*layers)(images)
    middle = judged.shape[-1] // 2
    judged[0, 0, middle, middle].backward()

    rows, columns = images.grad[0, 0].nonzero(as_tuple=True)
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (70, 70)
    assert len(rows) == networks.RECEPTIVE_FIELD**2


def test_a_discriminator_judges_the_smallest_images_that_may_be_asked_for():
    assert Discriminator(width=4)(torch.zeros(2, 1, 32, 32)).shape == (2, 1, 2, 2)


def test_evening_is_instance_normalisation():
    values = torch.randn(2, 5, 8, 8) * 3 + 1

    evened = PerImageNorm()(values)

    assert torch.allclose(evened, functional.instance_norm(values), atol=1e-6)
    assert torch.allclose(evened.mean(dim=(2, 3)), torch.zeros(2, 5), atol=1e-6)


def test_weights_are_drawn_with_the_papers_spread_and_follow_from_the_seed():
    one, other = (drawn(Generator(width=16, blocks=6, upsampling="resize")) for _ in range(2))

    weights = torch.cat([weight.flatten() for weight in one.parameters() if weight.ndim == 4])

    assert weights.std().item() == pytest.approx(networks.INITIAL_SPREAD, rel=0.02)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert all((bias == 0).all() for bias in one.parameters() if bias.ndim == 1)


@pytest.mark.parametrize("width", [16])
def test_growing_by_resizing_leaves_no_chequerboard_on_an_even_image(width):
    """An even input grown by nearest neighbour and a convolution is even; by a transposed convolution it is not."""

    def unevenness(upsampling: str) -> float:
        torch.manual_seed(0)
        grown = networks._growing(width, 1, upsampling)[:2]  # without normalisation
        with torch.no_grad():
            values = nn.Sequential(*[layer for layer in grown if not isinstance(layer, PerImageNorm)])(
                torch.ones(1, width, 8, 8)
            )
        return float(values[..., 2:-2, 2:-2].std())

    assert unevenness("resize") < 1e-6
    assert unevenness("transposed") > 1e-2


@pytest.mark.parametrize("upsampling", ["resize", "transposed"])
def test_a_generator_whose_layers_say_nothing_leaves_a_film_as_it_is(upsampling):
    generator = networks.Generator(width=4, blocks=6, upsampling=upsampling)
    torch.nn.init.zeros_(generator.layers[-1].weight)
    torch.nn.init.zeros_(generator.layers[-1].bias)
    images = torch.linspace(-1, 1, 2 * 32 * 32).reshape(2, 1, 32, 32)

    assert torch.allclose(generator(images), images.clamp(-networks.INVERTIBLE, networks.INVERTIBLE), atol=1e-6)
