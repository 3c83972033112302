"""What can be fetched: one entry a data set, with its publisher's addresses and sums, and where it is put below `data`.

Sums are those that the publisher, Keras or TensorFlow Datasets (`checksums.tsv`, `url_checksums`) state, or that we
took of the metadata as published. Where nobody states one it is None: what was seen is written down (`download`).
Sizes are of the download. To add one: a Fetchable here, and an experiment that reads it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from wsol.fetching import finishing

MB = 10**6


class Counted(NamedTuple):
    """How many files there are at least once all is there."""

    pattern: str
    number: int
    what: str


class Part(NamedTuple):
    """One file of a publisher's, and what it becomes below the root: a folder if it is an archive, else a file."""

    url: str
    sum: str | None  # "sha256:…", "md5:…"; None: unpublished
    into: str
    holds: str = ""  # of an archive: an entry of the folder in it that becomes `into`
    counted: Counted | None = None
    finish: Callable[[Path], None] | None = None  # what is done to it before it is put into its place
    makes: str = ""  # the file that `finish` adds to a folder


class Fetchable(NamedTuple):
    """A data set or a set of weights; without parts it needs a login, and `by_hand` says how it is got."""

    title: str
    licence: str
    size: int | None  # bytes; None: unpublished
    serves: tuple[str, ...]  # experiments
    parts: tuple[Part, ...]
    by_hand: str = ""


METADATA = "https://raw.githubusercontent.com/clovaai/wsolevaluation/{}/metadata/{}"
FIRST = "b5c1e8a99868d5b2e869aa7f3f5ad8c310b16ca3"  # ImageNetV2's images are 0.jpeg, 1.jpeg, …
RENAMED = "879728cf8d30c557684754c66be859414caad749"  # … and are called by their digests, as in the archive of today
KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"
DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
FILES = ("class_labels", "image_ids", "image_sizes", "localization")

# The sha256 of the published metadata's files, in the order of FILES.
PUBLISHED = {
    "CUB/test": (
        "0e65f035658267b2c7eec0d289048bb822e4a5f9a244b034c127ea7fb1367d7d",
        "f654e4676187fc322ad409487faa3568bffa751438198011692e7ff01be574ca",
        "96c4e79810545b237b2a79f4623a198ce6effb290fba01790b5587b464abd33b",
        "85d2bd87f1bfb1641ae42f36df070c34b4755f260267326d2a2d19e65a9acf00",
    ),
    "CUB/val": (
        "36791366bc002b82df029b8d84500d731ecc4a5dea603250f134e927d7df5748",
        "455f26689daf2219d42208fba21be12da219c8724eab38482210c4ac2bc57c02",
        "b0d5495ba5af9f7b1e34753cc8548be5debb267a3d7803a5408a3bc4d173ef63",
        "08ff9afa478b3a7e29a15c173e11927c9cb1867b58ae8a541df69a4c0c830ab5",
    ),
    "ILSVRC/test": (
        "a226044e3e00900291053ecb8e68640385a196c5521c793d242df9e084e898b6",
        "68bed6c35194a126dba32ad15f2f19596a5f1a3923ffc4ac301402d93e045583",
        "dde3957c4bf3bdab41ec759386c6ebaa8bed2c1790891ec3465e3a235ed63f3e",
        "c4a9929837b61e9c2a03524f5b963945782ddc9930c4f8ea764cc10004c5ee62",
    ),
    "ILSVRC/val": (
        "316209e92831b0dd910432afe74c55f2fb33ed72ade1378d3d0954df325ea51e",
        "bcd13383b7fdaa8aa9cfd02228b398802cf64b20f6efe13aa4b0696b9431d993",
        "4c82c4c1e14bc7f6a1a8a1fe7ab91df2ec369318b39a8b70618d6bd041cc7410",
        "4d01d6e9eab27ec860092a43f5b7480f10aadbf21234bd01ae419e9c8181ea3f",
    ),
}


def _metadata(commit: str, split: str, into: str, sums: tuple[str, ...] = (), files: tuple[str, ...] = FILES) -> list:
    """The text files of one split of the published WSOL metadata, in a folder."""
    known: list[str | None] = [f"sha256:{each}" for each in sums] or [None for _ in files]
    urls = [METADATA.format(commit, f"{split}/{name}.txt") for name in files]
    return [Part(url, each, f"{into}/{Path(url).name}") for url, each in zip(urls, known, strict=True)]


def _weights(file: str, known: str | None, name: str, architecture: str, **arguments: float) -> Part:
    """Weights that Keras publishes, as `keras.applications` names them."""
    return Part(KERAS + file, known, f"weights/{name}.weights.h5", finish=finishing.weights(architecture, arguments))


SOURCES = {
    "wsol_metadata": Fetchable(
        "the published WSOL metadata of ILSVRC, ImageNetV2 and CUB: names, classes, sizes and boxes, no images",
        "CC BY 2.0 (NAVER Corp.) for ImageNetV2's and CUBV2's boxes, research use for ILSVRC's and CUB's",
        12 * MB,
        (
            *("published_controls", "imagenet", "gradcam_paper", "keras_accuracy"),
            *("wsol_benchmark", "cub_benchmark", "ilsvrc_benchmark"),
        ),
        tuple(
            part
            for split, sums in PUBLISHED.items()
            for part in _metadata(FIRST, split, f"wsol_metadata/{split}", sums)
        ),
    ),
    "cub": Fetchable(
        "Caltech-UCSD Birds 200-2011 with its segmentations",
        "non-commercial research and education",
        1_189_858_222,
        ("cub200", "cub_benchmark"),
        (
            Part(
                "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz?download=1",
                "sha256:0c685df5597a8b24909f6a7c9db6d11e008733779a671760afef78feb49bf081",
                "CUB_200_2011",
                "images.txt",
                Counted("images/*/*.jpg", 11_788, "images"),
            ),
            Part(
                "https://data.caltech.edu/records/w9d68-gec53/files/segmentations.tgz?download=1",
                "sha256:dc77f6cffea0cbe2e41d4201115c8f29a6320ecb04fffd2444f51b8066e4b84f",
                "CUB_200_2011/segmentations",
                "001.Black_footed_Albatross",
                Counted("*/*.png", 11_788, "segmentations"),
            ),
        ),
    ),
    "pets": Fetchable(
        "Oxford-IIIT Pets: cats and dogs with trimaps and boxes of their heads",
        "CC BY-SA 4.0",
        811_092_049,
        ("pets",),
        (
            Part(
                "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
                "sha256:67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
                "pets/images",
                "Abyssinian_1.jpg",
                Counted("*.jpg", 7_390, "images"),
            ),
            Part(
                "https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz",
                "sha256:52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
                "pets/annotations",
                "trimaps",
                Counted("trimaps/*.png", 7_390, "trimaps"),
                finishing.pets,
                finishing.LABELS,
            ),
        ),
    ),
    "voc2012": Fetchable(
        "Pascal VOC 2012, train and val: boxes, and segmentations of some",
        "flickr's terms of use; research",
        1_999_639_040,
        ("voc", "voc_seeds"),
        (
            Part(
                "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
                "sha256:e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb",
                "VOC2012",
                "JPEGImages",
                Counted("JPEGImages/*.jpg", 17_125, "images"),
            ),
        ),
    ),
    "imagenetv2": Fetchable(
        "ImageNetV2 (Threshold0.7), with the boxes of the WSOL benchmark: ten images of each of ImageNet's classes",
        "images as on flickr; boxes CC BY 2.0 (NAVER Corp.)",
        1_249_906_176 + 3 * MB,
        ("imagenetv2", "imagenet", "ilsvrc_benchmark"),
        (
            Part(
                "https://huggingface.co/datasets/vaishaal/ImageNetV2/resolve/main/imagenetv2-threshold0.7.tar.gz",
                "sha256:32142bfe998f9cfa4141be691f6a80eeb1e27b24bd532a668eb08c26d98897a2",
                "imagenetv2/images/val2",
                "999",
                Counted("*/*.jpeg", 10_000, "images"),
            ),
            *_metadata(RENAMED, "ILSVRC/val", "imagenetv2/metadata"),
        ),
    ),
    "openimages30k": Fetchable(
        "OpenImages30k's metadata, and masks of val and test, of the WSOL benchmark; no images",
        "annotations CC BY 4.0 (Google LLC)",
        None,
        ("openimages30k", "wsol_benchmark", "openimages_benchmark"),
        (
            *_metadata(FIRST, "OpenImages/train", "metadata/OpenImages/train", files=FILES[:2]),
            *_metadata(FIRST, "OpenImages/val", "metadata/OpenImages/val", files=(*FILES[:2], FILES[3])),
            *_metadata(FIRST, "OpenImages/test", "metadata/OpenImages/test", files=(*FILES[:2], FILES[3])),
            Part(
                f"{DRIVE}1eu1YvcZlsEalhXTS_5Ni5tkImCliIPie",
                None,
                "OpenImages",
                "val",
                Counted("*/*/*.png", 7_500, "masks"),
            ),
        ),
    ),
    "weights": Fetchable(
        "the ImageNet weights that Keras publishes for the shipped experiments' networks",
        "Apache 2.0",
        None,
        (
            *("ilsvrc", "leaderboard", "masked_inputs", "refinement", "coco", "raccoon", "pets", "imagenetv2"),
            *("imagenet", "cub", "histology"),
        ),
        (
            _weights(
                "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
                None,
                "mobilenet_v2_imagenet",
                "MobileNetV2",
            ),
            _weights("mobilenet/mobilenet_7_5_224_tf.h5", None, "mobilenet_0.75_224_imagenet", "MobileNet", alpha=0.75),
            _weights("mobilenet/mobilenet_2_5_224_tf.h5", None, "mobilenet_0.25_224_imagenet", "MobileNet", alpha=0.25),
            _weights(
                "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float.h5",
                "md5:8768d4c2e7dee89b9d02b2d03d65d862",
                "mobilenet_v3_small_imagenet",
                "MobileNetV3Small",
            ),
        ),
    ),
    "imagenet": Fetchable(
        "ImageNet's validation images (ILSVRC2012), the `test` split of the WSOL benchmark",
        "ImageNet's terms of access: non-commercial research and education",
        6_744_924_160,
        ("imagenet", "gradcam_paper", "keras_accuracy", "ilsvrc_benchmark"),
        (Part("", None, "ILSVRC/val", counted=Counted("ILSVRC2012_val_????????.JPEG", 50_000, "images")),),
        by_hand="Log in at https://image-net.org, get ILSVRC2012_img_val.tar (md5 29b22e2961454d5413ddabcf34fc5622), "
        "and unpack it so that the root holds ILSVRC/val/ILSVRC2012_val_00000001.JPEG to …_00050000.JPEG, no folders.",
    ),
}
