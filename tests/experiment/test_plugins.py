"""Plugins: a user's own file joins the registries, and what is wrong with one is a line."""

import pytest

from configs import GOOD
from wsol.errors import ConfigError
from wsol.experiment import plugins
from wsol.experiment.config import check
from wsol.maps.cams import CAMS
from wsol.scores.metrics import METRICS

WHOLE = '''"""Methods of my own."""
from typing import Annotated

import numpy as np

from wsol.datasets.annotations import Annotations
from wsol.settings import Range
from wsol.training.methods.method import Method


class Dimmed(Method):
    """Images of half their light."""

    def __init__(self, *, share: Annotated[float, Range(0, 1)] = 0.5):
        self.share = share


def sharp(activations, gradients, *, power: Annotated[float, Range(1, 9)] = 2.0):
    """A power of the gradients."""
    return (activations * gradients ** power).sum(axis=3)  # over channels


def corner(names, *, size: int = 8):
    found = np.zeros((size, size), np.float32)
    found[:2, :2] = 1
    return [found] * len(names)


def half(prepared, *, of: float = 1.0):
    return np.array([float(prepared.max()) * of / 2])


def hit_twice(view):
    return view.hit(0.3) * view.hit(0.5)


def read(*, count: int = 3):
    raise NotImplementedError


def tiny(size, classes, *, width: int = 4):
    raise NotImplementedError


CAMS = {"sharp": sharp}
CONTROLS = {"corner": corner}
THRESHOLDS = {"half_of": half}
METRICS = {"hit_twice": hit_twice}
METHODS = {"dimmed": Dimmed}
REFINERS = {"halved": lambda heatmap, image: heatmap / 2}
ADAPTERS = {"mine": read}
BUILDERS = {"tiny": tiny}
'''


@pytest.fixture
def plugin(tmp_path):
    """`plugin(text, name)` writes a plugin's file; the registries are as they were afterwards."""

    def written(text: str = WHOLE, name: str = "mine.py") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    yield written
    plugins.load([])


def registries() -> dict[str, list[str]]:
    return {table: list(plugins.registry(table)) for table in plugins.REGISTRIES}


def test_every_table_joins_its_registry_and_leaves_it_with_the_next_config(plugin):
    before = registries()
    plugins.load([plugin()])
    added = {table: set(names) - set(before[table]) for table, names in registries().items()}
    assert added == {
        "ADAPTERS": {"mine"},
        "BUILDERS": {"tiny"},
        "CAMS": {"sharp"},
        "CONTROLS": {"corner"},
        "METHODS": {"dimmed"},
        "METRICS": {"hit_twice"},
        "REFINERS": {"halved"},
        "THRESHOLDS": {"half_of"},
    }
    check(GOOD)
    assert registries() == before


def test_a_decision_that_uses_an_entry_says_so_and_no_other_is_another(plugin):
    file = plugin()
    config = GOOD | {"cams": {"center": {}, "corner": {}}, "backbones": {}, "plugins": [file]}
    config["evaluations"] = {"e": {**GOOD["evaluations"]["e"], "metrics": ["maxboxacc@50", "hit_twice"]}}
    runs = {run.cam.name: run for run in check(config).runs}
    assert runs["corner"].cam.settings == {"method": "corner", "size": 8, "plugins": {file: plugins.digest(file)}}
    assert runs["center"].evaluation.settings["plugins"] == {file: plugins.digest(file)}
    config["evaluations"]["e"]["metrics"] = ["maxboxacc@50"]
    config["cams"] = {"center": {}}
    alone = check(config | {"plugins": []}).runs
    assert [run.folder(run.report, "cam", "threshold", "evaluation") for run in check(config).runs] == [
        run.folder(run.report, "cam", "threshold", "evaluation") for run in alone
    ]


def test_a_training_says_whose_its_method_is_and_the_network_that_came_of_it_does_not(plugin):
    file = plugin()

    def training(method):
        weights = {"train": {"dataset": "c", "method": method}}
        network = GOOD["backbones"]["net"] | {"weights": weights}
        datasets = GOOD["datasets"] | {"c": {"adapter": "shapes", "split": "train"}}
        runs = check(GOOD | {"plugins": [file], "backbones": {"net": network}, "datasets": datasets}).runs
        return next(run for run in runs if run.training)

    own = training({"method": "dimmed", "share": 0.25}).training.settings
    assert own["plugins"] == {file: plugins.digest(file)}
    assert own["train"]["method"] == {"method": "dimmed", "share": 0.25}
    assert "plugins" not in training("plain").training.settings
    assert training("dimmed").backbone.id != training("plain").backbone.id
    with pytest.raises(ConfigError, match=r"method dimmed\.share: must lie in \[0, 1\], got 2"):
        training({"method": "dimmed", "share": 2.0})


def test_a_jobs_settings_are_plain_again_once_the_plugin_has_joined(plugin):
    file = plugin()
    settings = {"method": "sharp", "plugins": {file: plugins.digest(file)}}
    assert plugins.joined(settings) == {"method": "sharp"} and "sharp" in CAMS
    plugins.joined({"plugins": {file: plugins.digest(file)}})  # a second time in one process
    del CAMS["sharp"], METRICS["hit_twice"]
    assert plugins.joined({"method": "center"}) == {"method": "center"}


def test_a_plugin_that_is_edited_while_the_run_is_at_work_is_refused(plugin):
    settings = {"plugins": {plugin(): plugins.digest(plugin())}}
    plugin(WHOLE.replace("power: A", "strength: A").replace("** power", "** strength"))
    with pytest.raises(ConfigError, match=r"mine.py: was edited while the run was at work; start the run again\.$"):
        plugins.joined(settings)


def test_its_digest_is_that_of_its_code(plugin):
    digest = plugins.digest(plugin())
    assert plugins.digest(plugin(WHOLE.replace("# over channels", "# all"))) == digest
    assert plugins.digest(plugin(WHOLE.replace('"""A power of the gradients."""\n    ', ""))) == digest
    assert plugins.digest(plugin(WHOLE.replace("axis=3", "axis=-1"))) != digest


WRONG = {
    "CAMS = {": "mine.py:1: is no Python: '{' was never closed.",
    "\n\nx = = 1": "mine.py:3: is no Python: invalid syntax.",
    "import numpy\nnumpy.none": "raises on import: AttributeError: module 'numpy' has no attribute 'none'.",
    "open('/nowhere')": "raises on import: FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'.",
    "raise SystemExit(3)": "raises on import: SystemExit: 3.",
    "CAM = {}": "defines none of ADAPTERS, BUILDERS, CAMS, CONTROLS, METHODS, METRICS, REFINERS, THRESHOLDS.",
    "CAMS = [max]": "CAMS must be a dict of names and functions, got [<built-in function max>].",
    "CAMS = {3: max}": "CAMS: a name must be text, got 3.",
    "CAMS = {'x': 3}": "CAMS 'x': must be a function, got 3.",
    "CAMS = {'x': lambda: 1}": "CAMS 'x': is called with activations, and other arrays of the evidence by their names, "
    "and takes nothing.",
    "def r(a, b, *, side: str = 'left'): pass\nREFINERS = {'x': r}": "REFINERS 'x': no setting of it can be called "
    "'side', which means something else there.",
    "def c(a, *, flip: bool = True): pass\nCAMS = {'x': c}": "CAMS 'x': no setting of it can be called 'flip', which "
    "means something else there.",
    "CAMS = {'x': lambda activations, *, power=2: 1}": "CAMS 'x': its setting 'power' needs a type, as in "
    "`power: float`.",
    "def f(a, *, b: Nowhere = 1): pass\nCAMS = {'x': f}": "raises on import: NameError: name 'Nowhere' is not defined.",
    "def f(a, *, b: 'Nowhere' = 1): pass\nCAMS = {'x': f}": "CAMS 'x': its parameters cannot be read: name 'Nowhere' "
    "is not defined.",
    "METHODS = {'x': lambda: 1}": "METHODS 'x': must be a class of wsol.training.methods.method.Method, got <lambda>.",
    "class Own:\n    def __init__(self, rate): pass\nMETHODS = {'x': Own}": "METHODS 'x': is called with its settings "
    "alone, and takes rate.",
    "METRICS = {'x': lambda view, *, delta: 1}": "METRICS 'x': takes no settings, and needs delta.",
    "METRICS = {'x': lambda view, other: 1}": "METRICS 'x': is called with a view, and takes view, other.",
    "THRESHOLDS = {'x': lambda: 1}": "THRESHOLDS 'x': is called with a prepared map, and takes nothing.",
    "CONTROLS = {'x': lambda a, b: 1}": "CONTROLS 'x': is called with the images' names, and takes a, b.",
    "ADAPTERS = {'x': lambda path: 1}": "ADAPTERS 'x': is called with its settings alone, and takes path.",
    "BUILDERS = {'x': lambda size: 1}": "BUILDERS 'x': is called with size and classes, and takes size.",
    "CAMS = {'gradcam': lambda a, g: 1}": "CAMS 'gradcam' has the name of another, one of the library's own; choose "
    "another name.",
    "CONTROLS = {'gradcam': lambda a: 1}": "CONTROLS 'gradcam' has the name of another, one of the library's own; "
    "choose another name.",
    "METRICS = {'mask_iou': lambda view: 1}": "METRICS 'mask_iou' has the name of another, one of the library's own; "
    "choose another name.",
    "BUILDERS = {'VGG16': lambda size, classes: 1}": "BUILDERS 'VGG16' has the name of another, one of the library's "
    "own; choose another name.",
    "ADAPTERS = {'voc': lambda: 1}": "ADAPTERS 'voc' has the name of another, one of the library's own; choose another "
    "name.",
}


@pytest.mark.parametrize("text, line", WRONG.items())
def test_a_wrong_plugin_is_one_line_and_joins_nothing(plugin, text, line):
    before = registries()
    file = plugin(text)
    with pytest.raises(ConfigError) as error:
        check(GOOD | {"plugins": [file]})
    found = str(error.value)
    assert found.startswith(f"plugins: {file}") and found.endswith(line) and "\n" not in found
    plugins.load([])
    assert registries() == before


def test_two_plugins_share_no_name(plugin):
    files = [plugin("METRICS = {'x': lambda view: 1}", "a.py"), plugin("METRICS = {'x': lambda view: 2}", "b.py")]
    with pytest.raises(ConfigError) as error:
        check(GOOD | {"plugins": files})
    assert str(error.value) == (
        f"plugins: {files[1]}: METRICS 'x' has the name of another, that of '{files[0]}'; choose another name."
    )


@pytest.mark.parametrize(
    "given, line",
    [
        ("mine.py", "plugins: must be a list, got 'mine.py'."),
        ([3], "plugins.0: must be text, got 3."),
        (["gone.py"], "plugins[0]: no such file or folder: 'gone.py'"),
        (["."], "plugins: '.' is a folder, a file is meant."),
        (None, "plugins: is empty; leave it out or name some."),
    ],
)
def test_a_list_that_names_no_files_is_one_line(given, line):
    with pytest.raises(ConfigError) as error:
        check(GOOD | {"plugins": given})
    assert str(error.value).startswith(line)
