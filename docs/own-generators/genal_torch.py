"""PyTorch GANs to a folder that genal opens, and back.

pip install torch safetensors numpy

    import genal_torch
    genal_torch.save_dcgan("my-dcgan", generator, discriminator, shape=(28, 28, 1))
    generator, discriminator = genal_torch.load("my-dcgan")

Own networks may be any modules that compute what `dcgan` or `wgan_gp` below compute: their layers are taken in the
order in which the modules were made. What came out is held to them on random inputs before anything is written.
"""
import json
import pathlib

import torch
from safetensors.torch import load_file, save_file
from torch import nn

KERNEL = 5  # side of genal's kernels; smaller ones are filled up with zeros
EPSILON = 1e-5  # of genal's batch norms; another one is made up for in the variance


def down(inputs, outputs, sides, bias):
    """Halves both sides, rounded up: the zeros that TensorFlow's padding "same" puts around for kernel 5, stride 2."""
    top, left = 1 + sides[0] % 2, 1 + sides[1] % 2
    return [nn.ZeroPad2d((left, 2, top, 2)), nn.Conv2d(inputs, outputs, KERNEL, 2, bias=bias)]


def up(inputs, outputs, sides, target, bias):
    """Doubles both sides, 2 n + 1 pixels, and cuts them to `target` at the bottom and on the right."""
    bottom, right = (goal - (2 * side + 1) for goal, side in zip(target, sides))
    return [
        nn.ConvTranspose2d(inputs, outputs, KERNEL, 2, padding=1, bias=bias),
        nn.ZeroPad2d((0, right, 0, bottom)),
    ]


def levels(shape, count):
    """Sides of the maps from the coarsest to the image."""
    sides = [tuple(shape[:2])]
    for _ in range(count):
        sides.insert(0, tuple((side + 1) // 2 for side in sides[0]))
    return sides


def dcgan(latent_size, channels, shape):
    """Generator and discriminator of genal's `dcgan`."""
    sides = levels(shape, len(channels))
    maps = [*channels, shape[2]]
    last = len(channels) - 1
    size = sides[0][0] * sides[0][1] * maps[0]
    generator = [nn.Linear(latent_size, size, bias=False), nn.Unflatten(1, (maps[0], *sides[0]))]
    discriminator = []
    for level in range(last + 1):
        generator += [nn.BatchNorm2d(maps[level]), nn.ReLU()]
        generator += up(maps[level], maps[level + 1], sides[level], sides[level + 1], bias=level == last)
        norm = [nn.BatchNorm2d(maps[level])] if level < last else []
        discriminator[:0] = [
            *down(maps[level + 1], maps[level], sides[level + 1], bias=False), *norm, nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*generator, nn.Tanh()), nn.Sequential(*discriminator, nn.Flatten(), nn.Linear(size, 1))


def wgan_gp(latent_size, width, shape, batch_norm=False, layer_norm=False):
    """Generator and critic of genal's `wgan-gp`."""
    sides = levels(shape, 3)
    maps = [4 * width, 2 * width, width, shape[2]]
    size = sides[0][0] * sides[0][1] * maps[0]
    generator = [nn.Linear(latent_size, size, bias=not batch_norm), nn.Unflatten(1, (maps[0], *sides[0]))]
    critic = []
    for level in range(3):
        generator += [nn.BatchNorm2d(maps[level])] if batch_norm else []
        bias = level == 2 or not batch_norm
        generator += [nn.ReLU(), *up(maps[level], maps[level + 1], sides[level], sides[level + 1], bias)]
        # One group is a layer norm whose gains are the channels' own.
        norm = [nn.GroupNorm(1, maps[level])] if layer_norm and level < 2 else []
        critic[:0] = [*down(maps[level + 1], maps[level], sides[level + 1], True), *norm, nn.LeakyReLU(0.2)]
    return (
        nn.Sequential(*generator, nn.Tanh()),
        nn.Sequential(*critic, nn.Flatten(), nn.Linear(size, 1, bias=False)),
    )


def save_dcgan(folder, generator, discriminator, shape):
    """Writes a DCGAN, also one of the kernel 4, stride 2, padding 1 of pytorch/examples. `shape` is of the images."""
    parts = named(generator, "up"), named(discriminator, "down")
    channels = [layer.in_channels for name, layer, _ in parts[0] if name.startswith("up")]
    config = {"kind": "dcgan", "latentSize": latent_size(parts[0]), "channels": channels}
    write(folder, config, shape, {"generator": parts[0], "discriminator": parts[1]}, (generator, discriminator))


def save_wgan_gp(folder, generator, critic, shape):
    """Writes a WGAN-GP. `shape` is of the images: height, width, channels."""
    parts = named(generator, "up"), named(critic, "down")
    [width] = [layer.in_channels for name, layer, _ in parts[0] if name == "up2"]
    config = {
        "kind": "wgan-gp",
        "latentSize": latent_size(parts[0]),
        "width": width,
        "generatorNorm": "batch" if any(name == "norm0" for name, _, _ in parts[0]) else "none",
        "criticNorm": "layer" if any(name == "norm0" for name, _, _ in parts[1]) else "none",
    }
    write(folder, config, shape, {"generator": parts[0], "critic": parts[1]}, (generator, critic))


def load(folder):
    """The two networks of a folder that genal or this script wrote, as `nn.Sequential` in evaluation mode."""
    model = json.loads((pathlib.Path(folder) / "model.json").read_text())
    return networks(model["config"], model["shape"], load_file(pathlib.Path(folder) / "weights.safetensors"))


LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.GroupNorm)


def named(network, kind):
    """(genal's name, layer, zeros ahead of its input: top and left) of the layers that have weights."""
    found, ahead = [], (0, 0)
    for layer in network.modules():
        if isinstance(layer, nn.ZeroPad2d):
            ahead = (layer.padding[2], layer.padding[0])
        elif isinstance(layer, LAYERS):
            found.append([None, layer, ahead])
            ahead = (0, 0)
    # The dense layer is the first of a generator and the last of its opponent, where the levels count down.
    dense = found[0 if kind == "up" else -1]
    level = 0 if kind == "up" else len([1 for _, layer, _ in found[:-1] if isinstance(layer, nn.Conv2d)])
    for part in found:
        if part is dense:
            part[0] = "dense"
        elif isinstance(part[1], (nn.Conv2d, nn.ConvTranspose2d)):
            level -= kind == "down"
            part[0] = f"{kind}{level}"
            level += kind == "up"
        else:
            part[0] = f"norm{level}"
    return found


def latent_size(parts):
    first = parts[0][1]
    return first.in_features if isinstance(first, nn.Linear) else first.in_channels


def write(folder, config, shape, parts, originals):
    tensors = {}
    for network, layers in parts.items():
        for name, value, to_genal, _ in places(layers, config, shape):
            tensors[f"{network}/{name}"] = to_genal(value.detach().float().cpu()).contiguous()
    if config["kind"] == "dcgan":
        tensors.setdefault("generator/image/bias", torch.zeros(shape[2]))
        tensors.setdefault("discriminator/logit/bias", torch.zeros(1))
    check(networks(config, shape, tensors), originals, config["latentSize"])
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "weights.safetensors", metadata={"format": "pt"})
    model = {"format": 1, "config": config, "shape": list(shape)}
    (folder / "model.json").write_text(json.dumps(model, indent=2) + "\n")


def places(layers, config, shape):
    """(genal's name, PyTorch's tensor, to genal's layout, back from it) of each tensor of a network."""
    is_dcgan = config["kind"] == "dcgan"
    sides = levels(shape, len(config["channels"]) if is_dcgan else 3)
    rows, columns = sides[0]
    last_up = f"up{len(sides) - 2}"
    for position, (name, layer, ahead) in enumerate(layers):
        owner = name
        if name == "dense" and position == 0:
            yield (
                "dense/weights", layer.weight,
                lambda w: dense_out(w, rows, columns),
                lambda w: w.reshape(len(w), rows, columns, -1).permute(3, 1, 2, 0).reshape(-1, len(w)),
            )
            if layer.bias is not None:
                yield (
                    "dense/bias", layer.bias,
                    lambda b: b.reshape(-1, rows, columns).permute(1, 2, 0).reshape(-1),
                    lambda b: b.reshape(rows, columns, -1).permute(2, 0, 1).reshape(-1),
                )
            continue
        if name.startswith("norm"):
            yield f"{name}/gamma", layer.weight, same, same
            yield f"{name}/beta", layer.bias, same, same
            if isinstance(layer, nn.BatchNorm2d):
                excess = layer.eps - EPSILON
                yield f"{name}/mean", layer.running_mean, same, same
                yield f"{name}/variance", layer.running_var, lambda v, e=excess: v + e, same
            continue
        if name == "dense":
            # Linear [1, maps * rows * columns], or a convolution's [1, maps, rows, columns]
            owner = "logit" if is_dcgan else "score"
            yield (
                f"{owner}/weights", layer.weight,
                lambda w: w.reshape(-1, rows, columns).permute(1, 2, 0).reshape(-1, 1),
                lambda w: w.reshape(rows, columns, -1).permute(2, 0, 1).reshape(1, -1),
            )
        else:
            level = int(name.lstrip("updown"))
            before = [1 + side % 2 for side in sides[level + 1]] if name.startswith("down") else [1, 1]
            start = place_in_kernel(name, layer, ahead, before)
            # [out, in, rows, columns], of a transposed convolution [in, out, ...]; neither side turns kernels round
            yield (
                f"{name}/filters", layer.weight,
                lambda w, start=start: filled_up(w.permute(2, 3, 1, 0), start),
                lambda w: w.permute(3, 2, 0, 1),
            )
            owner = "image" if is_dcgan and name == last_up else name
        if layer.bias is not None:
            yield f"{owner}/bias", layer.bias, same, same


def dense_out(weight, rows, columns):
    """[latent, rows * columns * maps] of Linear's [maps * rows * columns, latent], or of a transposed convolution's
    [latent, maps, rows, columns]."""
    if weight.dim() == 2:
        weight = weight.T.reshape(weight.shape[1], -1, rows, columns)
    return weight.permute(0, 2, 3, 1).reshape(len(weight), -1)


def same(tensor):
    return tensor


def place_in_kernel(name, layer, ahead, before):
    """Where a kernel begins in genal's, of which `before` pixels lie before each output's place."""
    start = [wanted - zeros - own for wanted, zeros, own in zip(before, ahead, layer.padding)]
    if layer.stride != (2, 2) or min(start) < 0 or max(s + k for s, k in zip(start, layer.kernel_size)) > KERNEL:
        raise ValueError(
            f"{name}: expected stride 2 and a kernel within the 5 pixels that begin {tuple(before)} before its output, got "
            f"stride {layer.stride}, kernel {layer.kernel_size} and padding {layer.padding} after zeros {ahead}"
        )
    return start


def filled_up(weight, start):
    full = torch.zeros(KERNEL, KERNEL, *weight.shape[2:])
    full[start[0]:start[0] + weight.shape[0], start[1]:start[1] + weight.shape[1]] = weight
    return full


def networks(config, shape, tensors):
    """Both networks of genal's tensors, in evaluation mode."""
    if config["kind"] == "dcgan":
        pair = dcgan(config["latentSize"], config["channels"], shape)
    elif config["kind"] == "wgan-gp":
        norms = config.get("generatorNorm") == "batch", config.get("criticNorm") == "layer"
        pair = wgan_gp(config["latentSize"], config["width"], shape, *norms)
    else:
        raise ValueError(f"config.kind: expected dcgan or wgan-gp, got {config['kind']}")
    left = dict(tensors)
    prefixes = ("generator", "discriminator" if config["kind"] == "dcgan" else "critic")
    for prefix, network, kind in zip(prefixes, pair, ("up", "down")):
        for name, value, to_genal, back in places(named(network, kind), config, shape):
            got, wanted = left.pop(f"{prefix}/{name}", None), list(to_genal(value.detach()).shape)
            if got is None or list(got.shape) != wanted:
                raise ValueError(f"{prefix}/{name}: expected {wanted}, got {'none' if got is None else list(got.shape)}")
            with torch.no_grad():
                value.copy_(back(got))
        network.eval()
    if left:
        raise ValueError(f"{min(left)}: expected no such tensor, since genal's {config['kind']} has no place for it")
    return pair


def check(ours, originals, latent):
    """Refuses networks that compute something else than what would be saved."""
    chance = torch.Generator().manual_seed(1)
    latents = torch.randn(8, latent, generator=chance)
    with torch.no_grad():
        images = ours[0](latents)
        # Noise, since images of a network that has learnt nothing yet are all alike.
        inputs = (latents, torch.randn(images.shape, generator=chance))
        for name, network, original, values in zip(("generator", "opponent"), ours, originals, inputs):
            wanted = network(values)
            training, device = original.training, next(original.parameters()).device
            first = named(original, "up")[0][1]
            if isinstance(first, nn.ConvTranspose2d):
                values = values[:, :, None, None]
            got = original.eval()(values.to(device)).float().cpu()
            original.train(training)
            # A discriminator may end in a sigmoid: genal keeps logits.
            accepted = [wanted, torch.sigmoid(wanted)] if name == "opponent" else [wanted]
            faults = [(got.reshape(choice.shape) - choice).abs().max() / choice.std() for choice in accepted]
            if not min(faults) <= 1e-3:
                raise ValueError(f"{name}: expected layers as in `dcgan` or `wgan_gp` of this file, got other outputs")
