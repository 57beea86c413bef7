"""What benchmarks/convolutions.py measures: ways to convolve with E experts, and networks that use
them. Images are [N, G * C, H, W] in either order of memory, or a list of [N, C, H, W], one an expert;
G is E, and 1 where all experts see the same.
"""

import dataclasses
import functools

import torch
from torch import nn
from torch.nn import functional as F

# B^T, G and A^T of Lavin and Gray 2015, by the side of a tile of outputs.
WINOGRAD = {2: ([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
                [[1, 0, 0], [.5, .5, .5], [.5, -.5, .5], [0, 0, 1]],
                [[1, 1, 1, 0], [0, 1, -1, -1]]),
            4: ([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
                 [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]],
                [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
                 [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]],
                [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0],
                 [0, 1, -1, 8, -8, 1]])}


def tiles(x, groups, size, step):
    """A view [N, T, T, G, C, size, size] of the padded images."""
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
    return padded.unflatten(3, (groups, -1)).unfold(1, size, step).unfold(2, size, step)


def folded(parts, side, step):
    """What `tiles` reads, summed back into images."""
    count, across, _, groups, channels, size, _ = parts.shape
    padded = parts.new_zeros(count, side + 2, side + 2, groups, channels)
    for i in range(size):
        for j in range(size):
            padded[:, i:i + step * across:step, j:j + step * across:step] += parts[..., i, j]
    return padded[:, 1:-1, 1:-1].flatten(3).contiguous().permute(0, 3, 1, 2)


def summed_product(a_BMK, b_BMO):
    """a^T b over many rows M, in pieces: a few small results would leave most of a GPU idle."""
    batch, rows, _ = a_BMK.shape
    pieces = 1
    while batch * pieces < 160 and rows % (2 * pieces) == 0:
        pieces *= 2
    a, b = (m.reshape(batch * pieces, rows // pieces, -1) for m in (a_BMK, b_BMO))
    return torch.bmm(a.transpose(1, 2), b).unflatten(0, (batch, pieces)).sum(1)


def patches(x, groups):
    return tiles(x, groups, 3, 1).permute(3, 0, 1, 2, 5, 6, 4).reshape(groups, len(x) * x[0, 0].numel(), -1)


def product_of(a_GMK, w_GKO, like):
    """Images in `like`'s shape of batched products."""
    y_MGO = like.new_empty(a_GMK.shape[1], len(w_GKO), w_GKO.shape[2])
    torch.bmm(a_GMK, w_GKO, out=y_MGO.transpose(0, 1))
    return y_MGO.view(len(like), *like.shape[2:], -1).permute(0, 3, 1, 2)


class Unfold(torch.autograd.Function):
    """`flipped`: gradients of the inputs are a convolution of g, not sums of parts of a product."""

    @staticmethod
    def forward(ctx, x, weight_GOCKK, flipped):
        groups, filters = weight_GOCKK.shape[:2]
        a_GMK = patches(x, groups)
        w_GKO = weight_GOCKK.permute(0, 3, 4, 2, 1).reshape(groups, -1, filters)
        ctx.save_for_backward(a_GMK, w_GKO)
        ctx.flipped = flipped
        return product_of(a_GMK, w_GKO, x)

    @staticmethod
    def backward(ctx, g):
        a_GMK, w_GKO = ctx.saved_tensors
        groups, depth, filters = w_GKO.shape
        count, side, channels = len(g), g.shape[2], depth // 9
        g_GMO = g.permute(0, 2, 3, 1).reshape(-1, groups, filters).transpose(0, 1)
        weight = summed_product(a_GMK, g_GMO).view(groups, 3, 3, channels, filters)
        x = None
        if ctx.needs_input_grad[0] and ctx.flipped:
            turned = w_GKO.view(groups, 9, channels, filters).flip(1).transpose(2, 3)
            x = product_of(patches(g, groups), turned.reshape(groups, -1, channels), g)
        elif ctx.needs_input_grad[0]:
            parts = torch.bmm(g_GMO, w_GKO.transpose(1, 2))
            parts = parts.view(groups, count, side, side, 3, 3, channels)
            x = folded(parts.permute(1, 2, 3, 0, 6, 4, 5), side, 1)
        return x, weight.permute(0, 4, 3, 1, 2), None


class Winograd(torch.autograd.Function):
    """The two sides of a tile are one axis of points: kron transforms both at once."""

    @staticmethod
    def forward(ctx, x, weight_GOCKK, tile):
        groups, filters, channels = weight_GOCKK.shape[:3]
        points, across = (tile + 2)**2, x.shape[2] // tile
        of_x, of_w, of_y = transforms(tile, x.dtype, x.device)
        parts = tiles(x, groups, tile + 2, tile).permute(5, 6, 3, 0, 1, 2, 4).reshape(points, -1)
        v_BMC = (of_x @ parts).view(points * groups, -1, channels)
        kernels = weight_GOCKK.permute(3, 4, 0, 2, 1).reshape(9, -1)
        u_BCO = (of_w @ kernels).view(points * groups, channels, filters)
        y = (of_y @ torch.bmm(v_BMC, u_BCO).view(points, -1)).view(
            tile, tile, groups, len(x), across, across, filters)
        ctx.save_for_backward(v_BMC, u_BCO)
        ctx.tile, ctx.groups = tile, groups
        y = y.permute(3, 4, 0, 5, 1, 2, 6).reshape(len(x), *x.shape[2:], groups * filters)
        return y.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx, g):
        v_BMC, u_BCO = ctx.saved_tensors
        tile, groups, (channels, filters) = ctx.tile, ctx.groups, u_BCO.shape[1:]
        count, side, size, across = len(g), g.shape[2], tile + 2, g.shape[2] // tile
        of_x, of_w, of_y = transforms(tile, g.dtype, g.device)
        g = g.permute(0, 2, 3, 1).reshape(count, across, tile, across, tile, groups, filters)
        g = g.permute(2, 4, 5, 0, 1, 3, 6).reshape(tile**2, -1)
        g_BMO = (of_y.t() @ g).view(len(v_BMC), -1, filters)
        weight = of_w.t() @ summed_product(v_BMC, g_BMO).view(size**2, -1)
        weight = weight.view(3, 3, groups, channels, filters).permute(2, 4, 3, 0, 1)
        x = None
        if ctx.needs_input_grad[0]:
            parts = of_x.t() @ torch.bmm(g_BMO, u_BCO.transpose(1, 2)).view(size**2, -1)
            parts = parts.view(size, size, groups, count, across, across, channels)
            x = folded(parts.permute(3, 4, 5, 2, 6, 0, 1), side, tile)
        return x, weight, None


@functools.cache
def transforms(tile, kind, device):
    matrices = (torch.tensor(rows, dtype=torch.float64) for rows in WINOGRAD[tile])
    return [torch.kron(matrix, matrix).to(device, kind) for matrix in matrices]


def grouped(x, weight_GOCKK):
    return F.conv2d(x, weight_GOCKK.flatten(0, 1), padding=1, groups=len(weight_GOCKK))


def packed(experts):
    """Groups of several experts: block-diagonal kernels, as many times the operations."""
    def convolved(x, weight_GOCKK):
        groups, filters, channels, *size = weight_GOCKK.shape
        together = experts if groups % experts == 0 else groups
        wide = weight_GOCKK.new_zeros(groups // together, together, filters, together, channels, *size)
        own = weight_GOCKK.view(groups // together, together, filters, channels, *size)
        wide.diagonal(dim1=1, dim2=3).copy_(own.permute(0, 2, 3, 4, 5, 1))
        return grouped(x, wide.view(groups // together, together * filters, together * channels, *size))

    return convolved


def in_turn(function, arguments):
    return [function(*each) for each in arguments]


@functools.cache
def side_streams():
    return [torch.cuda.Stream() for _ in range(8)]


def on_streams(function, arguments):
    if not torch.cuda.is_available():
        return in_turn(function, arguments)
    main, outputs = torch.cuda.current_stream(), []
    for stream in side_streams():
        stream.wait_stream(main)
    for place, each in enumerate(arguments):
        with torch.cuda.stream(side_streams()[place % len(side_streams())]):
            outputs.append(function(*each))
    for stream in side_streams():
        main.wait_stream(stream)
    return outputs


@dataclasses.dataclass(frozen=True)
class Way:
    name: str
    run: object   # over experts that stand in a list, or a convolution of all of them
    listed: bool = False
    last: bool = False

    @property
    def plain(self):
        """A loop from the images to the answers, in the order a recipe has its layers."""
        return self.run is in_turn

    def fits(self, precision):
        return self.name != "winograd4" or precision == "float32"

    def arranged(self, x, groups):
        """The images as this way takes them."""
        order = torch.channels_last if self.last else torch.contiguous_format
        if self.listed:
            parts = x.chunk(groups, 1) if torch.is_tensor(x) else x
            return [part.contiguous(memory_format=order) for part in parts]
        return joined(x).contiguous(memory_format=order)


def joined(x):
    return x if torch.is_tensor(x) else torch.cat(list(x), 1)


LOOP, GROUPED = Way("loop", in_turn, True), Way("grouped.last", grouped, last=True)
WAYS = [LOOP, Way("loop.last", in_turn, True, True), Way("streams", on_streams, True),
        Way("streams.last", on_streams, True, True), Way("grouped", grouped), GROUPED,
        *(Way(f"grouped by {experts}", packed(experts), last=True) for experts in (2, 4, 10)),
        Way("unfold", lambda x, weight: Unfold.apply(x, weight, False), last=True),
        Way("unfold twice", lambda x, weight: Unfold.apply(x, weight, True), last=True),
        Way("winograd2", lambda x, weight: Winograd.apply(x, weight, 2), last=True),
        Way("winograd4", lambda x, weight: Winograd.apply(x, weight, 4), last=True)]


def drawn(fan_in, *shape):
    return nn.Parameter(torch.empty(shape).uniform_(-fan_in**-.5, fan_in**-.5))


class Block(nn.Module):
    """Convolution, bias or batch norm, ReLU and pooling of E experts; `first`: of shared pixels."""

    def __init__(self, experts, channels, filters, side, norm, first):
        super().__init__()
        self.groups, self.side, self.norm, self.first = 1 if first else experts, side, norm, first
        self.weight = drawn(9 * channels, experts, filters, channels, 3, 3)
        self.bias = drawn(9 * channels, experts, filters)
        if norm:
            nn.init.zeros_(self.bias)
        self.scale = nn.Parameter(torch.ones(experts, filters)) if norm else None
        self.register_buffer("mean", torch.zeros(experts, filters))
        self.register_buffer("variance", torch.ones(experts, filters))

    def convolved(self, way, x, kind):
        weight = self.weight.to(kind)
        if way.listed:
            return way.run(functools.partial(F.conv2d, padding=1), self.pairs(x, weight))
        return way.run(x, weight.view(self.groups, -1, *weight.shape[2:]))

    def forward(self, way, x, kind):
        weight, rest = self.weight.to(kind), [self.bias]
        if self.norm:
            rest += [self.scale, self.mean, self.variance]
        if not way.listed:
            y = way.run(x, weight.view(self.groups, -1, *weight.shape[2:]))
            return self.finished(y, False, *(part.flatten() for part in rest))
        return way.run(lambda x, w, *rest: self.finished(F.conv2d(x, w, padding=1), way.plain, *rest),
                       self.pairs(x, weight, *rest))

    def pairs(self, x, *stacked):
        return zip(x * len(self.weight) if self.first else x, *(part.unbind() for part in stacked))

    def finished(self, y, plain, bias, scale=None, mean=None, variance=None):
        if self.norm:
            y = F.batch_norm(y, mean, variance, scale, bias, training=True)
            return F.max_pool2d(F.relu(y), 2) if plain else F.relu(F.max_pool2d(y, 2))
        bias = bias.to(y.dtype).view(-1, 1, 1)  # the same behind pooling, on a quarter of the numbers
        return F.max_pool2d(F.relu(y + bias), 2) if plain else F.relu(F.max_pool2d(y, 2) + bias)

    def operations(self, batch):
        return (2 if self.first else 3) * 2 * batch * self.side**2 * self.weight.numel()

    def numbers(self, batch):
        """What a convolution must read and write forward, for the weights and for the inputs."""
        experts, filters, channels = self.weight.shape[:3]
        x, y = (batch * self.side**2 * width for width in (self.groups * channels, experts * filters))
        return 2 * (x + y) + (0 if self.first else x)


class Bank(nn.Module):
    """E networks of a recipe's layer list, their parameters stacked."""

    def __init__(self, words, experts, channels, side, outputs):
        super().__init__()
        self.blocks, self.weights, self.biases = nn.ModuleList(), nn.ParameterList(), nn.ParameterList()
        width = channels
        for word, after in zip(words, [*words[1:], ""]):
            kind, *numbers = word.split()
            if kind == "conv":
                self.blocks.append(Block(experts, width, int(numbers[0]), side, after == "batchnorm",
                                         not self.blocks))
                width, side = int(numbers[0]), side // 2
            elif kind == "linear":
                width *= side**2
                side = 1
                wide = int(numbers[0]) if numbers[0].isdigit() else outputs
                self.weights.append(drawn(width, experts, width, wide))
                self.biases.append(drawn(width, experts, 1, wide))
                width = wide

    def forward(self, x, ways, kind):
        """Outputs [E, N, C]."""
        x = x.to(kind)
        for block, way in zip(self.blocks, ways):
            x = block(way, way.arranged(x, block.groups), kind)
        layers = [part.to(kind) for pair in zip(self.weights, self.biases) for part in pair]
        if ways[-1].plain:
            rows = (part.flatten(1) for part in x)
            return torch.stack(in_turn(linear_layers, zip(rows, *(part.unbind() for part in layers))))
        if torch.is_tensor(x):
            rows = x.unflatten(1, (len(layers[0]), -1)).flatten(2).transpose(0, 1)
        else:
            rows = torch.stack([part.flatten(1) for part in x])
        return linear_layers(rows, *layers)

    def operations(self, batch):
        return sum(block.operations(batch) for block in self.blocks) + sum(
            6 * batch * weight.numel() for weight in self.weights)


def linear_layers(x, *parameters):
    product = torch.addmm if x.dim() == 2 else torch.baddbmm
    for place in range(0, len(parameters), 2):
        x = product(parameters[place + 1], F.relu(x) if place else x, parameters[place])
    return x
