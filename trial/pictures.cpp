#include "trial/steps_internal.hpp"

namespace edgewise::trial {

std::vector<float> network_input(const data::Cache& cache, std::size_t item) {
  const auto normal = train::normalisation(cache.channels());
  const auto pixels = cache.pixels(item);
  const auto channels = static_cast<std::size_t>(cache.channels()), area = pixels.size() / channels;
  std::vector<float> input;
  input.reserve(pixels.size());
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t at = 0; at < area; ++at)
      input.push_back((static_cast<float>(pixels[at * channels + c]) / 255.0F - normal.mean[c]) / normal.deviation[c]);
  return input;
}

Result<std::vector<std::vector<float>>> outputs_of(device::Device& runtime, const std::filesystem::path& onnx,
                                                   const std::string& input, const graph::Shape& shape,
                                                   std::span<const std::vector<float>> pictures) {
  std::vector<std::int64_t> batch{1};
  batch.insert(batch.end(), shape.begin(), shape.end());
  std::vector<device::Tensors> samples;
  for (const auto& picture : pictures) samples.push_back({agent::float_tensor(input, batch, picture)});
  TRY(const auto outputs, runtime.infer(onnx, samples));
  std::vector<std::vector<float>> all(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (const device::Tensor& output : outputs[i]) {
      TRY(const auto values, agent::floats_of(output));
      all[i].insert(all[i].end(), values.begin(), values.end());
    }
  return all;
}

}  // namespace edgewise::trial
