/// What of the processor can be relied on.
#pragma once

namespace edgewise::nn {

/// Whether this processor says that it has AMX tiles but not of what size (CPUID leaf 0x1D is 0), as some virtual
/// machines have it. oneDNN 3.6 then sets up no tiles, uses them nevertheless, and the process dies of SIGILL.
bool has_undescribed_tiles();

/// Whether this is an AMD processor of family 0x1A (Zen 5) or later with 512-bit vectors: there oneDNN 3.6 computes
/// channels-last convolutions wrongly with two threads, in PyTorch as here. Seen on one virtual machine, as shares of
/// the largest output: ResNet-18 at 224 pixels 4 %, MNASNet x1.3 19 %; with AVX2 still RegNetY-400MF 16 %; with SSE4.1
/// none.
bool has_wrong_wide_convolutions();

/// Whether products of bf16 numbers are instructions of this processor that oneDNN may use.
bool has_bf16();

/// Keeps oneDNN from instructions that fault or give wrong results, by ONEDNN_MAX_CPU_ISA unless the user has set it.
/// To be called before LibTorch computes anything; only the first call does something.
void avoid_broken_instructions();

}  // namespace edgewise::nn
