"""DICOM files, written with pydicom as a modality writes them."""

import io

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid  # noqa: E402


def dataset(values: np.ndarray, bits: int = 0, **tags) -> Dataset:
    """A picture [h w] or [h w 3] as a data set of `bits` stored bits; `tags` are set last."""
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = tags.pop("syntax", ExplicitVRLittleEndian)
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID = CTImageStorage
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID = generate_uid(entropy_srcs=["one"])
    found.Rows, found.Columns = values.shape[:2]
    found.SamplesPerPixel = 1 if values.ndim == 2 else 3
    found.PhotometricInterpretation = "MONOCHROME2" if values.ndim == 2 else "RGB"
    if values.ndim == 3:
        found.PlanarConfiguration = 0
    found.BitsAllocated = 8 * values.itemsize
    found.BitsStored = bits or found.BitsAllocated
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = int(values.dtype.kind == "i")
    found.PixelData = values.tobytes() + b"\0" * (values.nbytes % 2)
    for name, value in tags.items():
        setattr(found, name, value)
    return found


def encoded(found: Dataset) -> bytes:
    """The file of a data set."""
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, found, enforce_file_format=True)
    return stream.getvalue()


def dicom(values: np.ndarray, bits: int = 0, **tags) -> bytes:
    """The file of a picture."""
    return encoded(dataset(values, bits, **tags))


def table(first: int, bits: int, entries: list[int]) -> Sequence:
    """A lookup table: the value of each stored number from `first` on."""
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.LUTData = np.array(entries, "<u2").tobytes()
    item.ModalityLUTType = "US"
    return Sequence([item])
