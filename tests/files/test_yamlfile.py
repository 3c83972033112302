"""YAML as a user writes it: what is wrong with it is one line, with its place."""

import datetime
import time

import pytest

from wsol.errors import ConfigError, DataError
from wsol.files import yamlfile

LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
MANY = "a: &a " + "x" * 100_000 + "\nb: [" + ", ".join(["*a"] * 200) + "]\n"
MERGED = "base: &base {x: 1, y: 2}\nnext: &next {<<: *base, x: 3}\nlast: {<<: *next, y: 4}\n"

WRONG = {
    "a key twice": ("a: 1\nb: 2\na: 3\n", "f.yaml:3: key 'a' is given twice (first in line 1)."),
    "in a mapping within": ("top:\n  a: 1\n  a: 2\n", "f.yaml:3: key 'a' is given twice (first in line 2)."),
    "on one line": ("{a: 1, a: 2}", "f.yaml:1: key 'a' is given twice (first in line 1)."),
    "in a list": ("- {a: 1}\n- {b: 1, b: 1}\n", "f.yaml:2: key 'b' is given twice (first in line 2)."),
    "a number twice": ("1: a\n0x1: b\n", "f.yaml:2: key 1 is given twice (first in line 1)."),
    "two merges": ("a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a\n", "f.yaml:4: key '<<' is given twice (first in line 3)."),
    "cut short": ("a: [1, 2\n", "f.yaml:2: is no readable YAML: expected ',' or ']', but got '<stream end>'."),
    "a tab": ("a:\n\t- 1\n", "f.yaml:2: is no readable YAML: found character '\\t' that cannot start any token."),
    "two documents": ("a: 1\n---\nb: 1\n", "f.yaml:2: is no readable YAML: but found another document."),
    "an unknown anchor": ("a: 1\nb: *c\n", "f.yaml:2: is no readable YAML: found undefined alias 'c'."),
    "a key that is a list": ("a: 1\n? [1, 2]\n: 3\n", "f.yaml:2: is no readable YAML: found unhashable key."),
    "a key that is a mapping": ("{a: 1}: 2\n", "f.yaml:1: is no readable YAML: found unhashable key."),
    "no such date": ("a: 1\nb: 2020-13-45\n", "f.yaml:2: is no readable YAML: '2020-13-45' is no timestamp."),
    "no such number": ("a: !!int many\n", "f.yaml:1: is no readable YAML: 'many' is no int."),
    "no such truth": ("a: !!bool maybe\n", "f.yaml:1: is no readable YAML: 'maybe' is no bool."),
    "NUL": ("a: 1\nb: \0\n", "f.yaml:2: is no readable YAML: special characters are not allowed."),
    "an alias in itself": ("a: &a [1, *a]\n", "f.yaml:1: is no readable YAML: an alias lies inside of what it names."),
    "laughs": (LAUGHS, "f.yaml:7: is no readable YAML: its aliases stand for more than 10000000 values."),
    "a long text often": (MANY, "f.yaml:2: is no readable YAML: its aliases stand for more than 10000000 values."),
    "deep": ("[" * 50_000, "f.yaml is no readable YAML: it is nested too deeply."),
    "deep by lines": (
        "".join("  " * i + "-\n" for i in range(900)),
        "f.yaml is no readable YAML: it is nested too deeply.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line(name, tmp_path):
    text, words = WRONG[name]
    began = time.perf_counter()
    with pytest.raises(DataError) as caught:
        yamlfile.parse(text, "f.yaml")
    assert str(caught.value) == words
    assert time.perf_counter() - began < 20
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        yamlfile.read(tmp_path / "f.yaml", error=ConfigError)
    assert str(caught.value) == words.replace("f.yaml", f"{tmp_path}/f.yaml")


def test_code_is_refused():
    with pytest.raises(DataError, match=r"f.yaml:1: is no readable YAML: could not determine a constructor"):
        yamlfile.parse("0: !!python/object/apply:os.getcwd []", "f.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: {b: [1, 2.5, x, true, null]}", {"a": {"b": [1, 2.5, "x", True, None]}}),
        ("0: 1\n'0': 2\n", {0: 1, "0": 2}),
        ("a: 2020-01-02", {"a": datetime.date(2020, 1, 2)}),
        ("2020-01-02: 1", {datetime.date(2020, 1, 2): 1}),
        ("a: &x {k: 1}\nb: *x\nc: *x\n", {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1}}),
    ],
)
def test_everything_else_is_as_pyyaml_reads_it(text, value):
    assert yamlfile.parse(text, "f.yaml") == value


def test_merged_keys_may_be_overridden():
    found = yamlfile.parse(MERGED, "f.yaml")
    assert found["next"] == {"x": 3, "y": 2}
    assert found["last"] == {"x": 3, "y": 4}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert yamlfile.read(tmp_path / "f.yaml") == {"a": 1, "b": 2}


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"none.yaml cannot be read: No such file or directory\."):
        yamlfile.read(tmp_path / "none.yaml")
    (tmp_path / "f.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match=r"f.yaml is not UTF-8 text \(byte 3\). Save it as UTF-8."):
        yamlfile.read(tmp_path / "f.yaml", error=ConfigError)
