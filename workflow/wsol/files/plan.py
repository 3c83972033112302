"""The plan's file: how many images there are, and what was found out about each network before it runs."""

from wsol.files.containers import Record

PLAN = Record(
    "plan",
    2,
    "plan",
    (
        "images",  # {dataset's id: how many images it has}
        "networks",  # {backbone's id: what was found out about it}, networks that images are shown to
    ),
)
