"""A config's file is read strictly: what YAML lets pass in silence is one line with the file and the line in it."""

import os
import subprocess
import sys

import pytest
import yaml

from conftest import ROOT
from small import CONTROLS
from wsol.errors import ConfigError
from wsol.experiment.configfile import check_files, read

ALIASES = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)

# what the file holds, what is said of it after "config: experiment.yaml"
REFUSED = [
    ("cams:\n  gradcam: {}\n  center: {}\n  gradcam: {relu: false}\n", ":4: key 'gradcam' is given twice"),
    ("cams:\n  a: {}\n  a: {}\n", ":3: key 'a' is given twice (first in line 2)."),
    ("datasets: {}\ncams: {}\ndatasets: {}\n", ":3: key 'datasets' is given twice (first in line 1)."),
    ("cams: {a: {}, a: {}}", ":1: key 'a' is given twice (first in line 1)."),
    ("cams: {a: {}, 'a': {}}", ":1: key 'a' is given twice (first in line 1)."),
    ('{"cams": {},\n\t"cams": {}}', ":2: key 'cams' is given twice (first in line 1)."),
    ("a: {b: {c: {1: 2, 1: 3}}}", ":1: key '1' is given twice (first in line 1)."),
    ("cams:\n  yes: {}", ":2: the key yes is read as true or false; write it in quotes."),
    ("cams:\n  on: {}", ":2: the key on is read as true or false; write it in quotes."),
    ("datasets: {a: {b: {c: {no: 3}}}}", ":1: the key no is read as true or false; write it in quotes."),
    ("datasets:\n\n  1: {}", ":3: the key 1 is read as a number; write it in quotes."),
    ("datasets: {1.5: {}}", ":1: the key 1.5 is read as a number; write it in quotes."),
    ("datasets: {a: {1: {}}}", ":1: the key 1 is read as a number; write it in quotes."),
    ("~: {}", ":1: the key ~ is read as nothing; write it in quotes."),
    ("cams: {2024-01-01: {}}", ":1: the key 2024-01-01 is read as a date; write it in quotes."),
    ("cams:\n\tgradcam: {}", ":2: is no readable YAML: a tab; indent with spaces."),
    ("cams: [gradcam", ":1: is no readable YAML: expected ',' or ']', but got '<stream end>'."),
    ("a: 1\nresults: a: b", ":2: is no readable YAML: mapping values are not allowed here."),
    ("cams: *all", ":1: is no readable YAML: found undefined alias 'all'."),
    ("a: 1\n---\nb: 2", ":2: is no readable YAML: but found another document."),
    ("a: 1\nb: \x01", ":2: is no readable YAML: special characters are not allowed."),
    ("? [a]\n: 3", ":1: is no readable YAML: found unhashable key."),
    ("a: !!python/object:os.x {}", ":1: is no readable YAML: could not determine a constructor for the tag"),
    ("a: 2024-13-45", ": is no readable YAML: month must be in 1..12."),
    ("cams: &all {a: *all}", ":1: 'all' holds itself."),
    (ALIASES, ": holds over 1000000 values once its aliases are filled in."),
    ("[" * 5000, ": is nested too deeply."),
    ("", ": is empty."),
    ("# nothing but this\n", ": is empty."),
    ("- cams\n- datasets", ": is a list, a mapping of keys is meant."),
    ("cams", ": is text, a mapping of keys is meant."),
    ("3", ": is '3', a mapping of keys is meant."),
]


def said(path) -> str:
    with pytest.raises(ConfigError) as error:
        check_files([path])
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("text, line", REFUSED, ids=[line[:60] for _, line in REFUSED])
def test_a_file_that_says_something_else_than_it_seems_to_is_one_line(tmp_path, monkeypatch, text, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment.yaml").write_text(text)
    assert said("experiment.yaml").startswith(f"config: experiment.yaml{line}")


def test_a_file_that_is_none_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said("nowhere.yaml") == "config: nowhere.yaml: no such file."
    (tmp_path / "folder.yaml").mkdir()
    assert said("folder.yaml") == "config: folder.yaml: is a folder, a file is meant."
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe4")
    assert said("latin.yaml") == "config: latin.yaml:2: is no UTF-8 text: byte 0xe4."
    os.mkfifo(tmp_path / "pipe.yaml")
    assert said("pipe.yaml") == "config: pipe.yaml: is no regular file."
    assert said("x" * 300) == f"config: {'x' * 300}: cannot be read: File name too long."


def test_a_file_is_named_as_one_would_write_it(tmp_path, monkeypatch):
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    (inside / "a.yaml").write_text("- 1")
    (tmp_path / "b.yaml").write_text("- 1")
    assert said(inside / "a.yaml").startswith("config: a.yaml: is a list")
    assert said(tmp_path / "b.yaml").startswith(f"config: {tmp_path}/b.yaml: is a list")


@pytest.mark.parametrize(
    "text, found",
    [
        # A merge may be overridden, and what it merges may itself be one.
        ("a: &a {x: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: *b, x: 3}", {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 3}}),
        ("a: {b: {c: {1: 2}}}", {"a": {"b": {"c": {1: 2}}}}),  # deep down a key may be a class's number
        ("'1': {'yes': on}", {"1": {"yes": True}}),
        ('{"a": 1e3,\n\t"b": "\\u00e4"}', {"a": 1000.0, "b": "ä"}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_what_is_right_is_read_as_it_is_meant(tmp_path, text, found):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert read(tmp_path / "a.yaml") == found


def refusal(run) -> str:
    """The one line of a run that computes nothing."""
    assert run.returncode != 0 and "Traceback" not in run.stderr
    said = [text for text in run.stderr.splitlines() if text.startswith("config: ")]
    assert len(said) == 1
    return said[0]


def test_a_key_given_twice_stops_the_workflow(workflow, tmp_path):
    """In a second file too, and in JSON; the first is read before anything of Snakemake's is believed."""
    (tmp_path / "more.yaml").write_text("cams:\n  full: {}\n  full: {size: 8}\n")
    twice = "config: more.yaml:3: key 'full' is given twice (first in line 2)."
    assert refusal(workflow(CONTROLS, str(tmp_path / "more.yaml"))) == twice
    (tmp_path / "more.json").write_text('{"seed": 1,\n"seed": 2}')
    twice = "config: more.json:2: key 'seed' is given twice (first in line 1)."
    assert refusal(workflow(CONTROLS, str(tmp_path / "more.json"))) == twice
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("missing", ["datasets", "evaluations"])
def test_a_given_file_stands_for_itself(workflow, tmp_path, missing):
    """The default config has both, and lends neither."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONTROLS))
    part = {key: value for key, value in CONTROLS.items() if key != missing}
    assert refusal(workflow(part, "--dry-run")) == f"config: '{missing}' is a required property."


def default(folder, *arguments: str):
    """A run without a file of its own, in a folder with a `config.yaml`."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--dry-run", "--snakefile", str(ROOT / "Snakefile")]
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
    return subprocess.run([*command, *arguments], cwd=folder, env=plain, capture_output=True, text=True, timeout=900)


def test_without_a_file_the_default_one_is_read_and_can_be_overridden(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONTROLS))
    run = default(tmp_path, "--config", "results=elsewhere")
    assert run.returncode == 0, run.stderr
    assert "elsewhere/scores.csv" in run.stdout + run.stderr
    (tmp_path / "config.yaml").write_text("seed: 1\nseed: 2")
    twice = "config: config.yaml:2: key 'seed' is given twice (first in line 1)."
    assert refusal(default(tmp_path, "--config", "results=elsewhere")) == twice
    (tmp_path / "config.yaml").unlink()
    assert refusal(default(tmp_path)) == "config: config.yaml: no such file."
