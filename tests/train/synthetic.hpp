/// Batches made in memory for the tests of the loop.
#pragma once

#include <vector>

#include "base/random.hpp"
#include "train/loop_internal.hpp"

namespace edgewise::train {

/// Pictures with one bright rectangle on noise. Classification: label 0 left half, 1 right half. Box: the rectangle.
class SyntheticBatches : public Batches {
 public:
  SyntheticBatches(data::Task task, std::size_t count, std::size_t batch, std::int64_t size, std::uint64_t seed)
      : task_(task), batch_(batch), size_(size) {
    RandomStream random(seed);
    for (std::size_t i = 0; i < count; ++i) {
      Picture picture;
      picture.pixels.resize(static_cast<std::size_t>(size * size * 3));
      for (auto& value : picture.pixels) value = static_cast<std::uint8_t>(random.below(60));
      const auto n = static_cast<std::uint64_t>(size);
      picture.label = static_cast<std::int64_t>(i % 2);
      const auto width = static_cast<std::int64_t>(n / 4 + random.below(n / 8)),
                 height = static_cast<std::int64_t>(n / 4 + random.below(n / 4));
      const auto room = size / 2 - width;
      const auto x = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(room + 1))) +
                     (picture.label ? size / 2 : 0);
      const auto y = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(size - height + 1)));
      for (auto row = y; row < y + height; ++row) {
        for (auto column = x; column < x + width; ++column) {
          for (int c = 0; c < 3; ++c) picture.pixels[static_cast<std::size_t>((row * size + column) * 3 + c)] = 230;
        }
      }
      const auto share = [&](std::int64_t value) { return static_cast<float>(value) / static_cast<float>(size); };
      picture.box = {share(x), share(y), share(x + width), share(y + height)};
      pictures_.push_back(std::move(picture));
    }
  }

  void start(int epoch) override {
    next_ = 0;
    order_ = RandomStream(99).child("epoch", static_cast<std::uint64_t>(epoch)).permutation(pictures_.size());
    ++starts;
  }
  std::optional<data::Batch> next() override {
    if (next_ >= pictures_.size()) return std::nullopt;
    data::Batch batch;
    for (; batch.count < batch_ && next_ < pictures_.size(); ++batch.count, ++next_) {
      const auto& picture = pictures_[order_[next_]];
      batch.pixels.insert(batch.pixels.end(), picture.pixels.begin(), picture.pixels.end());
      if (task_ == data::Task::box) {
        batch.boxes.insert(batch.boxes.end(), picture.box.begin(), picture.box.end());
      } else {
        batch.labels.push_back(picture.label);
      }
    }
    return batch;
  }
  void recycle(data::Batch) override {}
  [[nodiscard]] std::size_t batches() const override { return (pictures_.size() + batch_ - 1) / batch_; }
  int starts = 0;

 private:
  struct Picture {
    std::vector<std::uint8_t> pixels;
    std::int64_t label = 0;
    std::array<float, 4> box{};
  };
  data::Task task_;
  std::size_t batch_;
  std::int64_t size_;
  std::vector<Picture> pictures_;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
};

/// conv - bn - relu (stride 2) twice, a dropout, flattened, linear.
inline graph::Graph small_network(std::int64_t size, std::int64_t outputs) {
  using namespace graph;
  GraphBuilder b({3, size, size});
  auto x = b.input();
  for (const std::int64_t channels : {8, 16}) {
    x = b.add(
        Conv2d{.out_channels = channels, .kernel_size = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .bias = false},
        {x});
    x = b.add(BatchNorm2d{}, {x});
    x = b.add(Activation{}, {x});
  }
  x = b.add(Reshape{{16 * (size / 4) * (size / 4)}}, {x});
  x = b.add(Dropout{0.1}, {x});
  x = b.add(Linear{.out_features = outputs}, {x}, "head", {Init::normal, 0.01});
  auto graph = std::move(b).finish(x);
  EDGEWISE_ASSERT(graph.has_value(), "the test's network is valid");
  return std::move(*graph);
}

}  // namespace edgewise::train
