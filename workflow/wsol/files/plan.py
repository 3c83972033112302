"""The plan's file: how many images and targets there are, how large their maps, and what is known of each network."""

from wsol.files.containers import Record

PLAN = Record(
    "plan",
    3,
    "plan",
    (
        "images",  # {dataset's id: how many images it has}
        "targets",  # {dataset's id: how many targets it has}
        "maps",  # {dataset's id: {imported backbone's id: bytes of its first map}}
        "networks",  # {backbone's id: what was found out about it}, networks that images are shown to
    ),
)
