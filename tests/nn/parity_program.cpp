// Computes one backbone with the weights of a state dict, for torchvision_parity.py:
//   parity_program NAME SIZE WEIGHTS.pth INPUT OUTPUT
// INPUT holds 32-bit floats (n, 3, SIZE, SIZE), OUTPUT receives (n, 1000). Prints the number of parameters.
#include <cstdlib>
#include <cstring>
#include <print>

#include "base/file.hpp"
#include "graph/costs.hpp"
#include "space/backbones.hpp"
#include "train/train.hpp"

namespace {

using namespace edgewise;

Result<std::int64_t> compute(const std::string& name, std::int64_t size, const std::string& pth,
                             const std::string& input, const std::string& output) {
  TRY(const auto graph, space::build_backbone(name, {.channels = 3, .input_size = size, .outputs = 1000}));
  TRY(const auto weights, train::read_state_dict(pth));
  TRY(const auto bytes, read_file(input));
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  TRY(const auto outputs, train::predict(graph, weights, values));
  TRY_DO(write_file(output, {reinterpret_cast<const char*>(outputs.data()), outputs.size() * sizeof(float)}));
  return graph::costs(graph).parameters;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::println(stderr, "usage: parity_program NAME SIZE WEIGHTS.pth INPUT OUTPUT");
    return 2;
  }
  const auto parameters = compute(argv[1], std::atoll(argv[2]), argv[3], argv[4], argv[5]);
  if (!parameters) {
    std::println(stderr, "{}", edgewise::to_text(parameters.error()));
    return 1;
  }
  std::println("{}", *parameters);
}
