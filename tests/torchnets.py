"""Small networks in PyTorch, and the same in Keras with the weights carried over."""

import numpy as np
import torch
from torch import nn

SIDE = 16
PREPARED = {"scale": 1 / 255}


class Block(nn.Module):
    """A residual block as torchvision writes it: one ReLU called twice, in place, and a sum in place."""

    def __init__(self, width: int):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class Residual(nn.Module):
    """ResNet in small: a stem, a max pooling, blocks, a mean and one linear layer."""

    def __init__(self, classes: int = 3):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(Block(6))
        self.layer2 = nn.Sequential(Block(6), Block(6))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(6, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.avgpool(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(x, 1))


class Functional(nn.Module):
    """DenseNet's end: the last nonlinearity is a function, no module."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.BatchNorm2d(6))
        self.classifier = nn.Linear(6, 3)

    def forward(self, x):
        x = nn.functional.relu(self.features(x), inplace=True)
        return self.classifier(torch.flatten(nn.functional.adaptive_avg_pool2d(x, (1, 1)), 1))


def flattened() -> nn.Module:
    """VGG's: a max pooling, then linear layers on every place."""
    features = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2, 2))
    head = nn.Sequential(nn.AdaptiveAvgPool2d((8, 8)), nn.Flatten(), nn.Linear(6 * 64, 5), nn.ReLU(), nn.Linear(5, 3))
    return nn.Sequential(features, head)


def softmaxed() -> nn.Module:
    return nn.Sequential(Residual(), nn.Softmax(dim=1))


def single() -> nn.Module:
    """One output, whose sigmoid is the class's probability."""
    return nn.Sequential(Residual(1), nn.Sigmoid())


class Bent(nn.Module):
    """ConvNeXt's block: channels moved last and back again."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 2, 2)
        self.norm = nn.LayerNorm(6)
        self.wide, self.act = nn.Linear(6, 6), nn.GELU()
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.act(self.wide(self.norm(x.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)
        return self.head(x.mean((-2, -1)))


class Encoder(nn.Module):
    """A ViT block before its attention is fused away: norms first, the attention by its products."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Vision(nn.Module):
    """torchvision's ViT in small: a class token, 4 x 4 patches of 4 pixels."""

    def __init__(self, width: int = 8, blocks: int = 2, classes: int = 3):
        super().__init__()
        self.conv_proj = nn.Conv2d(3, width, 4, 4)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding = nn.Parameter(torch.randn(1, 17, width) * 0.1)
        self.layers = nn.Sequential(*(Encoder(width, 2) for _ in range(blocks)))
        self.ln = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        n = x.shape[0]
        x = self.conv_proj(x).reshape(n, -1, 16).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], dim=1) + self.pos_embedding
        return self.head(self.ln(self.layers(x))[:, 0])


NETWORKS = {
    "residual": Residual,
    "functional": Functional,
    "flattened": flattened,
    "softmaxed": softmaxed,
    "single": single,
    "bent": Bent,
    "vision": Vision,
}


def seeded(make, seed: int = 3) -> nn.Module:
    """The network in inference mode, with normalisation statistics that do something."""
    torch.manual_seed(seed)
    network = make()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    return network.eval().requires_grad_(False)


def backbone(network: nn.Module, size: tuple[int, int] = (SIDE, SIDE), **settings):
    from wsol.networks import backbones
    from wsol.networks.pytorch.graph import TorchGraph
    from wsol.networks.pytorch.network import TorchBackbone

    given = {"torch": "in_memory:network", "preprocessing": PREPARED, "safe": False, "batch": 4, "input": list(size)}
    checked = backbones.backbone(**{**given, **settings})
    return TorchBackbone(TorchGraph(network, size, 3, "'network'"), checked, size, checked["preprocessing"])


def shown(pixels: np.ndarray) -> torch.Tensor:
    """uint8 [b h w 3] as the network sees it, prepared by hand."""
    return torch.from_numpy(pixels.astype(np.float32).transpose(0, 3, 1, 2).copy() / 255)


def pictures(count: int = 5, seed: int = 0, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)
