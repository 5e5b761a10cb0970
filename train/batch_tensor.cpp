#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include <format>
#include <new>
#include <system_error>

#include "base/machine.hpp"
#include "train/loop_internal.hpp"
#include "train/losses/loss.hpp"

namespace edgewise::train {

Normalisation normalisation(std::int64_t channels) {
  return graph::usual_normalisation(channels);
}

torch::Device device() {
  return torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
}

Result<torch::Tensor> input_tensor(const data::Batch& batch, const graph::Shape& input, torch::Device device) {
  EDGEWISE_ASSERT(input.size() == 3, "pictures have three axes");
  const auto n = static_cast<std::int64_t>(batch.count), c = input[0], h = input[1], w = input[2];
  if (n == 0 || batch.pixels.size() != static_cast<std::size_t>(n * c * h * w)) {
    return invalid(std::format("a batch of {} pictures holds {} bytes, the network's input {} needs {}", n,
                               batch.pixels.size(), graph::to_text(input), n * c * h * w),
                   "build the cache for the network's input size and channels");
  }
  const auto norm = normalisation(c);
  std::vector<float> factor, offset;
  for (std::int64_t i = 0; i < c; ++i) {
    const auto k = static_cast<std::size_t>(i);
    factor.push_back(1.0F / (255.0F * norm.deviation[k]));
    offset.push_back(-norm.mean[k] / norm.deviation[k]);
  }
  if (device.is_cuda()) {
    // Bytes travel, floats are made there.
    auto* bytes = const_cast<std::uint8_t*>(batch.pixels.data());
    auto x = torch::from_blob(bytes, {n, h, w, c}, torch::kUInt8).to(device).to(torch::kFloat32);
    x.mul_(torch::tensor(factor).to(device)).add_(torch::tensor(offset).to(device));
    return x.permute({0, 3, 1, 2});
  }
  auto x = torch::empty({n, c, h, w},
                        torch::TensorOptions(torch::kFloat32).memory_format(torch::MemoryFormat::ChannelsLast));
  // With an inner axis of 3, LibTorch's broadcasting falls back to a loop per pixel; this one is limited by memory.
  auto* const to = x.data_ptr<float>();
  const auto* const from = batch.pixels.data();
  at::parallel_for(0, n, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * h * w; i < end * h * w; ++i) {
      for (std::int64_t k = 0; k < c; ++k) {
        to[i * c + k] = static_cast<float>(from[i * c + k]) * factor[static_cast<std::size_t>(k)] +
                        offset[static_cast<std::size_t>(k)];
      }
    }
  });
  return x;
}

Result<torch::Tensor> target_tensor(const data::Batch& batch, const Goal& goal, torch::Device device) {
  EDGEWISE_ASSERT(batch.targets.size() == batch.count, "a batch has a target for each picture");
  TRY(const Loss* loss, loss_of(*goal.task));
  TRY(const auto targets, loss->targets(batch.targets, goal.outputs()));
  return targets.to(device);
}

std::unexpected<Error> torch_error(const std::string& context, const std::exception& error) {
  std::string text = error.what();
  const bool out_of_memory = dynamic_cast<const std::bad_alloc*>(&error) || text.contains("can't allocate memory") ||
                             text.contains("out of memory") || text.contains("alloc_cpu");
  if (const auto end = text.find('\n'); end != std::string::npos) text.resize(end);
  if (out_of_memory) return std::unexpected(memory_ran_out(std::format("{} ({})", context, text)));
  // What oneDNN says when it gets no memory, among others: under a limit on memory that is the likely reason.
  if (text.contains("could not create a primitive"))
    if (Error limit = memory_ran_out(std::format("{} ({})", context, text)); limit.code == ErrorCode::unavailable)
      return std::unexpected(std::move(limit));
  if (dynamic_cast<const std::system_error*>(&error))  // no thread, no file: any network may meet it
    return fail(ErrorCode::unavailable, std::format("{}: {}", context, text), "see to the limits of this machine");
  return invalid(std::format("{}: {}", context, text));
}

}  // namespace edgewise::train
