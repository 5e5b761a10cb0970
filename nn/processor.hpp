/// What of the processor can be relied on.
#pragma once

namespace edgewise::nn {

/// Whether this processor says that it has AMX tiles but not of what size (CPUID leaf 0x1D is 0), as some virtual
/// machines have it. oneDNN 3.6 then sets up no tiles, uses them nevertheless, and the process dies of SIGILL.
bool has_undescribed_tiles();

/// Whether this is an AMD processor of family 0x1A (Zen 5) or later with 512-bit vectors: there oneDNN 3.6 computes
/// channels-last convolutions wrongly with two threads (ResNet-18 at 224 pixels is off by 4 % of its outputs, MNASNet
/// x1.3 by 19 %, in PyTorch as here), and rightly with vectors of 256 bits.
bool has_wrong_wide_convolutions();

/// Whether products of bf16 numbers are instructions of this processor.
bool has_bf16();

/// Keeps oneDNN from instructions that fault or give wrong results, by ONEDNN_MAX_CPU_ISA unless the user has set it.
/// To be called before LibTorch computes anything; only the first call does something.
void avoid_broken_instructions();

}  // namespace edgewise::nn
