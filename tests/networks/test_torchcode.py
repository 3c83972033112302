"""Where a PyTorch network comes from, and what is said of one that cannot come from there; PyTorch is not needed."""

import importlib.util

import pytest

from configs import changed
from wsol.errors import ConfigError, Missing
from wsol.experiment import questions
from wsol.experiment.config import check
from wsol.networks import backbones
from wsol.networks.pytorch import code as torchcode
from wsol.networks.pytorch.code import Factory, factory

NET = {"torch": "net.py:make", "safe": False, "input": 32, "preprocessing": {}}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A run's folder with a network's code; PyTorch looks as if it were there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from parts import inner\nfrom nets.wide import Wide\nimport os\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/__init__.py").write_text("from .inner import nothing\n")
    (tmp_path / "parts/inner.py").write_text("import parts\nimport numpy\n")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets/wide.py").write_text("def broken(:\n")
    find = importlib.util.find_spec
    monkeypatch.setattr(torchcode.importlib.util, "find_spec", lambda name: find("json" if name == "torch" else name))
    return tmp_path


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("resnet50", Factory("", "resnet50", {})),
        ("mine.nets:make", Factory("mine.nets", "make", {})),
        ({"factory": "a/b.py:make", "arguments": {"classes": 5}}, Factory("a/b.py", "make", {"classes": 5})),
    ],
)
def test_a_factory_is_read(given, wanted):
    assert factory(given) == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (":make", "torch: must be my_file.py:factory, my_module:factory or a torchvision name, got ':make'."),
        ("net.py:", "torch: must be my_file.py:factory, my_module:factory or a torchvision name, got 'net.py:'."),
        ("net.py", "torch: must be my_file.py:factory, my_module:factory or a torchvision name, got 'net.py'."),
        ({"fabric": "net.py:make"}, "torch: unknown 'fabric'. Known: arguments, factory."),
        ({"factory": "net.py:make", "arguments": 3}, "torch: must be a factory, or {factory: …, arguments: {…}}, got"),
    ],
)
def test_what_is_no_factory(given, said):
    with pytest.raises(ConfigError) as error:
        backbones.backbone(**NET | {"torch": given})
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"safe": True}, ConfigError, "torch: 'net.py:make' is code that can read and write files; say `safe: false`"),
        ({"torch": "nit.py:make"}, Missing, "torch: no such file: 'nit.py'."),
        ({"torch": "nit.net:make"}, ConfigError, "torch: there is no module 'nit.net' here; 'nit.net:make' needs it."),
        ({"torch": "parts.py:make"}, Missing, "torch: no such file: 'parts.py'."),
        ({"weights": {"train": {}}}, ConfigError, "weights: a torch network is not trained here; give a file"),
        ({"weights": "none.pt"}, Missing, "weights: must be random or a file; no file 'none.pt' (looked for below"),
        ({"weights": "imagenet"}, ConfigError, "weights: a torch network takes a file with its state dict, 'imagenet'"),
        ({"weights": "net.py", "seed": 3}, ConfigError, "seed: nothing is drawn where weights are of a file"),
        ({"input": None}, ConfigError, " torch 'net.py:make' needs its `input`: 224 or [height, width]."),
        ({"preprocessing": None}, ConfigError, " torch 'net.py:make' needs its `preprocessing`: order, scale"),
        ({"evidence": "attention"}, ConfigError, "evidence: 'attention' is for attention_last, legrad"),
        ({"architecture": "VGG16"}, ConfigError, " needs one of `architecture`, `model`, `keras_hub` and `torch`."),
    ],
)
def test_what_is_wrong_with_one_is_said_before_anything_is_computed(here, change, kind, said):
    entry = {key: value for key, value in (NET | change).items() if value is not None}
    with pytest.raises(kind) as error:
        check(changed(("backbones.net", entry)))
    assert str(error.value).removeprefix("backbones.net").lstrip(".:").startswith(said)


def test_what_a_torch_transformer_attends_to_is_not_asked(here):
    said = r"backbones.net: evidence attention: is of a transformer of Keras' layers, and this one is in torch\."
    with pytest.raises(ConfigError, match=said):
        check(changed(("backbones.net", NET), ("cams.rollout", {})))


def test_where_there_is_no_pytorch_one_line_says_so(here, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(torchcode.importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(ConfigError, match=r"backbones.net.torch: PyTorch is not installed: `pip install .\[torch\]`"):
        check(changed(("backbones.net", NET)))
    with pytest.raises(ConfigError, match=r"torch: torchvision is not installed; 'resnet9' needs it\."):
        torchcode.check(NET | {"torch": "resnet9", "weights": "random"})


def test_the_code_of_a_network_is_the_users_and_so_is_what_it_imports_from_here(here):
    assert torchcode.sources("net.py:make") == ["net.py", "nets/wide.py", "parts/__init__.py", "parts/inner.py"]
    assert torchcode.sources("nets.wide:Wide") == ["nets/wide.py"]
    assert torchcode.sources({"factory": "parts:make"}) == ["parts/__init__.py", "parts/inner.py"]
    noted = questions.notes(check(changed(("backbones.net", NET))))
    (read,) = [files for name, files in noted.items() if name.startswith("net@") or name.startswith("network")]
    assert read == torchcode.sources("net.py:make")
