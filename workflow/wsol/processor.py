"""What the processor may change of a result, and what libraries are told so that it changes nothing.

Left alone, each library looks at the processor and takes the widest instructions that there are: sums are then taken in
another order, and come out otherwise in the last place. After hundreds of steps of training that is another network.
AVX2 with FMA is in every x86-64 processor for servers since 2015; all libraries are held to it.

A library decides when it is loaded, so the environment has to say so before: `settle` in the process that starts the
jobs, and, for TensorFlow, again in the job.
"""

import os
import platform
from typing import Literal

from llvmlite import binding

Instructions = Literal["portable", "native"]

# Of NumPy and OpenCV, whatever the setting: it costs nothing, and controls' maps lie in folders that networks share.
ARRAYS = {
    # exp, log and the like have other digits with AVX-512. Names of NumPy 2.4, then of those before it; each passes
    # over a name that it does not know.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL",
    "OPENCV_IPP": "disabled",  # its resizing goes by the processor; OpenCV's own does not
}
OPENBLAS = {"OPENBLAS_CORETYPE": "Haswell"}  # a name for AVX2 and FMA; it would crash without them
# Of TensorFlow, and of oneDNN in PyTorch. By itself TensorFlow takes oneDNN's operations where there are instructions
# made for networks, else its own.
NETWORKS = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ONEDNN_CPU_ISA_HINTS": "NO_HINTS",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
}
TORCH = {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2"}  # PyTorch's own operations, and MKL's; as OPENBLAS
NEEDED = ("avx2", "fma")
KNOWN = (*NEEDED, "avx512f", "avx512vnni", "avx512bf16", "amx-tile")  # what libraries choose by, as LLVM calls them


def settle(instructions: Instructions) -> None:
    """Tell the libraries that this process and those that it starts will load; what the user's environment said goes.

    `native` leaves TensorFlow and PyTorch as they are.
    """
    os.environ.pop("NPY_ENABLE_CPU_FEATURES", None)  # NumPy takes one of the two and refuses both
    os.environ.update(ARRAYS)
    if not lacking():
        os.environ.update(OPENBLAS)
    settle_networks(instructions)


def settle_networks(instructions: Instructions) -> None:
    """The same for TensorFlow and PyTorch alone, in a job whose environment may have lost on the way what was said."""
    if instructions == "portable":
        os.environ.update(NETWORKS)
        if not lacking():
            os.environ.update(TORCH)


def seen() -> list[str]:
    """The instruction sets of this processor, among those that are KNOWN; [] where it is no x86."""
    features = binding.get_host_cpu_features()
    return [name for name in KNOWN if features.get(name)]


def lacking() -> list[str]:
    """What `portable` needs and this processor does not have: then bytes are equal on its own kind only."""
    return [name for name in NEEDED if name not in seen()]


def warning(instructions: Instructions) -> str:
    """What whoever looks on is told of this processor where it cannot keep what `instructions` promise, else ""."""
    if instructions == "native" or not (without := lacking()):
        return ""
    return f"processor: no {' and no '.join(without)} here: weights, maps and scores differ from those made elsewhere."


def described() -> str:
    """The processor in a line of a log: its kind and its instruction sets."""
    return f"processor: {platform.machine()} {binding.get_host_cpu_name()}, {' '.join(seen()) or 'no AVX2'}"
