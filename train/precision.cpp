#include <ATen/detail/CUDAHooksInterface.h>

#include <cstdint>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "train/loop_internal.hpp"

namespace edgewise::train {

namespace {

bool processor_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") > 0;
#elif defined(__aarch64__) && defined(HWCAP2_BF16)
  return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
#else
  return false;
#endif
}

// Convolutions of one channel each do too little work for each number they read: converting costs more than it gains.
bool has_depthwise_convolutions(const graph::Graph& graph) {
  for (const auto& node : graph.nodes()) {
    const auto* conv = std::get_if<graph::Conv2d>(&node.op);
    if (conv && conv->groups > 1 && conv->groups == graph.shape(node.inputs.front()).front()) return true;
  }
  return false;
}

}  // namespace

std::string resolved_precision(const std::string& setting) {
  if (setting != "auto") return setting;
  return processor_has_bf16() ? "bf16" : "fp32";
}

// A rule from a few noisy timings (two threads of a Zen 5 with AVX512-BF16, batch 64 at 64x64); `make bench` times it against PyTorch.
nn::Precision choose_precision(const std::string& setting, const graph::Graph& graph, torch::Device device) {
  if (setting != "auto") return setting == "bf16" ? nn::Precision::bf16 : nn::Precision::fp32;
  if (device.is_cuda()) {
    return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8() ? nn::Precision::bf16
                                                                               : nn::Precision::fp32;
  }
  return processor_has_bf16() && !has_depthwise_convolutions(graph) ? nn::Precision::bf16 : nn::Precision::fp32;
}

}  // namespace edgewise::train
