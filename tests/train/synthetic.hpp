/// Batches made in memory for the tests of the loop.
#pragma once

#include <vector>

#include "base/random.hpp"
#include "train/loop_internal.hpp"

namespace edgewise::train {

/// Pictures with one bright rectangle on noise: of class 0 in the left half, of class 1 in the right half. Who wants
/// all boxes is told of two in the right half.
class SyntheticBatches : public Batches {
 public:
  SyntheticBatches(const task::Task& task, std::size_t count, std::size_t batch, std::int64_t size, std::uint64_t seed)
      : batch_(batch) {
    RandomStream random(seed);
    for (std::size_t i = 0; i < count; ++i) {
      Picture picture;
      picture.pixels.resize(static_cast<std::size_t>(size * size * 3));
      for (auto& value : picture.pixels) value = static_cast<std::uint8_t>(random.below(60));
      const auto n = static_cast<std::uint64_t>(size);
      const bool is_right = i % 2 != 0;
      const auto width = static_cast<std::int64_t>(n / 4 + random.below(n / 8)),
                 height = static_cast<std::int64_t>(n / 4 + random.below(n / 4));
      const auto room = size / 2 - width;
      const auto x =
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(room + 1))) + (is_right ? size / 2 : 0);
      const auto y = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(size - height + 1)));
      for (auto row = y; row < y + height; ++row) {
        for (auto column = x; column < x + width; ++column) {
          for (int c = 0; c < 3; ++c) picture.pixels[static_cast<std::size_t>((row * size + column) * 3 + c)] = 230;
        }
      }
      const picture::Mark mark{{static_cast<double>(x), static_cast<double>(y), static_cast<double>(x + width),
                                static_cast<double>(y + height)},
                               is_right};
      picture::Annotation annotation{.width = size, .height = size, .marks = {mark}, .labels = {is_right}, .mask = {}};
      if (is_right && task.wants() == task::Wants::boxes) annotation.marks.push_back(mark);
      picture.target = task.target(annotation, 2).value();
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
      batch.targets.add(picture.target);
      batch.items.push_back(order_[next_]);
    }
    return batch;
  }
  void recycle(data::Batch) override {}
  [[nodiscard]] std::size_t batches() const override { return (pictures_.size() + batch_ - 1) / batch_; }
  int starts = 0;

 private:
  struct Picture {
    std::vector<std::uint8_t> pixels;
    task::Target target;
  };
  std::size_t batch_;
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
