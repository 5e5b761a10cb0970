// Prints what a state dict holds, for state_dict_files.py: name, shape, sum and first value of each tensor.
#include <print>

#include "train/train.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto weights = edgewise::train::read_state_dict(argv[1]);
  if (!weights) {
    std::println("{}", edgewise::to_text(weights.error()));
    return 1;
  }
  for (const auto& [name, tensor] : *weights) {
    double sum = 0;
    for (const float value : tensor.floats()) sum += value;
    std::println("{}\t{}\t{:.9g}\t{:.9g}", name, edgewise::graph::to_text(tensor.shape), sum,
                 tensor.floats().empty() ? 0.0F : tensor.floats()[0]);
  }
}
