#include "nn/processor.hpp"

#include <cstdlib>
#include <mutex>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace edgewise::nn {

bool has_undescribed_tiles() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("amx-tile")) return false;
  unsigned palettes = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(0x1D, 0, &palettes, &b, &c, &d) == 0 || palettes == 0;
#else
  return false;
#endif
}

bool has_wrong_wide_convolutions() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__builtin_cpu_is("amd") || __get_cpuid(1, &a, &b, &c, &d) == 0) return false;
  const unsigned family = (a >> 8U & 0xFU) + (a >> 20U & 0xFFU);
  return family >= 0x1A && __builtin_cpu_supports("avx512f") > 0;
#else
  return false;
#endif
}

bool has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") > 0 && !has_wrong_wide_convolutions();
#elif defined(__aarch64__) && defined(HWCAP2_BF16)
  return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
#else
  return false;
#endif
}

void avoid_broken_instructions() {
  static std::once_flag once;
  std::call_once(once, [] {
    constexpr auto last_without_tiles = "AVX512_CORE_FP16", last_right = "SSE41";
    if (has_wrong_wide_convolutions()) ::setenv("ONEDNN_MAX_CPU_ISA", last_right, /*overwrite=*/0);
    if (has_undescribed_tiles()) ::setenv("ONEDNN_MAX_CPU_ISA", last_without_tiles, /*overwrite=*/0);
  });
}

}  // namespace edgewise::nn
