/// What of the processor can be relied on.
#pragma once

namespace edgewise::nn {

/// Whether this processor says that it has AMX tiles but not of what size (CPUID leaf 0x1D is 0), as some virtual
/// machines have it. oneDNN 3.6 then sets up no tiles, uses them nevertheless, and the process dies of SIGILL.
bool has_undescribed_tiles();

/// Whether products of bf16 numbers are instructions of this processor.
bool has_bf16();

/// Keeps oneDNN from instructions that fault, by ONEDNN_MAX_CPU_ISA unless the user has set it. To be called before
/// LibTorch computes anything; only the first call does something.
void avoid_broken_instructions();

}  // namespace edgewise::nn
