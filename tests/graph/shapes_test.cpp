#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>

#include "graph/costs.hpp"
#include "random_graph.hpp"

namespace edgewise::graph {
namespace {

using testing::HasSubstr;

std::string mistake(const Operator& op, const std::vector<Shape>& inputs) {
  const auto shape = infer_shape(op, inputs);
  return shape ? "no mistake: " + to_text(*shape) : shape.error().message;
}

Shape shape_of(const Operator& op, const std::vector<Shape>& inputs) {
  const auto shape = infer_shape(op, inputs);
  EXPECT_TRUE(shape) << (shape ? "" : to_text(shape.error()));
  return shape.value_or(Shape{});
}

TEST(Shapes, OfAConvolutionFollowKernelStridePaddingAndDilation) {
  EXPECT_EQ(
      shape_of(Conv2d{.out_channels = 64, .kernel_size = {7, 7}, .stride = {2, 2}, .padding = {3, 3}}, {{3, 224, 224}}),
      (Shape{64, 112, 112}));
  EXPECT_EQ(shape_of(Conv2d{.out_channels = 8, .kernel_size = {3, 1}, .padding = {1, 0}, .groups = 4}, {{4, 9, 5}}),
            (Shape{8, 9, 5}));
  EXPECT_EQ(shape_of(Conv2d{.out_channels = 2, .kernel_size = {3, 3}, .dilation = {2, 3}}, {{1, 10, 10}}),
            (Shape{2, 6, 4}));
}

TEST(Shapes, OfAConvolutionRefuseWhatDoesNotFit) {
  EXPECT_EQ(mistake(Conv2d{.out_channels = 6, .groups = 4}, {{8, 5, 5}}),
            "\"groups\" 4 does not divide \"out_channels\" 6");
  EXPECT_EQ(mistake(Conv2d{.out_channels = 6, .groups = 3}, {{8, 5, 5}}),
            "\"groups\" 3 does not divide the 8 input channels");
  EXPECT_EQ(mistake(Conv2d{.kernel_size = {0, 3}}, {{8, 5, 5}}), "\"kernel_size\" 0x3 is not within 1 .. 65536");
  EXPECT_EQ(mistake(Conv2d{.kernel_size = {3, 3}, .padding = {1, 0}, .dilation = {2, 2}}, {{8, 3, 4}}),
            "\"kernel_size\" 3x3 reaches over 5x5, more than the padded input 5x4");
  EXPECT_EQ(mistake(Conv2d{}, {{8}}), "conv2d takes an image (C, H, W), not a value of shape 8");
  EXPECT_EQ(mistake(Conv2d{}, {}), "conv2d takes 1 input, not 0");
  EXPECT_THAT(mistake(Conv2d{.out_channels = 1 << 20, .kernel_size = {99, 99}, .padding = {49, 49}}, {{64, 8, 8}}),
              HasSubstr("has more than 2147483648 elements"));
}

/// Windows counted one by one: with ceil_mode a window may stick out to the right, if it starts inside the input or its
/// left padding.
std::int64_t windows(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t padding, bool ceil_mode) {
  std::int64_t count = 0;
  for (std::int64_t start = -padding;; start += stride) {
    const bool is_inside = start + kernel <= in + padding;
    // Rounding up adds at most the one window that begins before the padded input ends without it.
    const bool sticks_out = ceil_mode && start - stride + kernel < in + padding && start < in;
    if (!is_inside && !sticks_out) return count;
    ++count;
  }
}

TEST(Shapes, OfPoolingEqualWindowsCountedOneByOne) {
  for (std::int64_t in = 1; in <= 12; ++in)
    for (std::int64_t kernel = 1; kernel <= 5; ++kernel)
      for (std::int64_t stride = 1; stride <= 4; ++stride)
        for (std::int64_t padding = 0; padding <= kernel / 2; ++padding)
          for (const bool ceil_mode : {false, true}) {
            const std::int64_t expected = windows(in, kernel, stride, padding, ceil_mode);
            const auto shape = infer_shape(MaxPool2d{{kernel, 1}, {stride, 1}, {padding, 0}, ceil_mode}, {{2, in, 3}});
            EXPECT_EQ(shape ? (*shape)[1] : 0, expected) << "in " << in << " kernel " << kernel << " stride " << stride
                                                         << " padding " << padding << " ceil " << ceil_mode;
          }
}

TEST(Shapes, OfPoolingAgreeWithPyTorchExamples) {
  // torch.nn.MaxPool2d(3, 2, ceil_mode=True) as in SqueezeNet: 111 -> 55, 54 -> 27, 13 -> 6; without ceil_mode 54
  // -> 26.
  EXPECT_EQ(shape_of(MaxPool2d{{3, 3}, {2, 2}, {0, 0}, true}, {{4, 111, 54}}), (Shape{4, 55, 27}));
  EXPECT_EQ(shape_of(MaxPool2d{{3, 3}, {2, 2}, {0, 0}, false}, {{4, 111, 54}}), (Shape{4, 55, 26}));
  // A last window that would start in the right padding is dropped: torch.nn.AvgPool2d(2, 2, padding=1, ceil_mode=True)
  // on 3 gives 2.
  EXPECT_EQ(shape_of(AvgPool2d{{2, 2}, {2, 2}, {1, 1}, true, true}, {{1, 3, 4}}), (Shape{1, 2, 3}));
  EXPECT_EQ(mistake(MaxPool2d{{3, 3}, {1, 1}, {2, 2}, false}, {{1, 9, 9}}),
            "\"padding\" 2x2 is more than half of \"kernel_size\" 3x3");
  EXPECT_EQ(mistake(AvgPool2d{{4, 2}}, {{1, 3, 9}}), "\"kernel_size\" 4x2 is more than the padded input 3x9");
}

TEST(Shapes, OfJoinsAndSplits) {
  EXPECT_EQ(shape_of(Add{}, {{2, 3}, {2, 3}, {2, 3}}), (Shape{2, 3}));
  EXPECT_EQ(mistake(Add{}, {{2, 3}, {3, 2}}), "add takes values of one shape, not 2x3 and 3x2");
  EXPECT_EQ(mistake(Add{}, {{2, 3}}), "add takes at least 2 inputs, not 1");
  EXPECT_EQ(shape_of(Mul{}, {{8, 5, 5}, {8, 1, 1}}), (Shape{8, 5, 5}));
  EXPECT_EQ(shape_of(Mul{}, {{8, 1, 5}, {1, 4, 5}}), (Shape{8, 4, 5}));
  EXPECT_EQ(mistake(Mul{}, {{8, 5, 5}, {4, 1, 1}}),
            "mul takes values of one shape or with axes of 1, not 8x5x5 and 4x1x1");
  EXPECT_EQ(shape_of(Concat{0}, {{2, 4, 4}, {3, 4, 4}, {1, 4, 4}}), (Shape{6, 4, 4}));
  EXPECT_EQ(shape_of(Concat{1}, {{2, 4}, {2, 5}}), (Shape{2, 9}));
  EXPECT_THAT(mistake(Concat{0}, {{2, 4}, {2, 5}}), HasSubstr("equal in all other axes, not 2x4 and 2x5"));
  EXPECT_EQ(mistake(Concat{2}, {{2, 4}, {2, 4}}), "\"axis\" 2 is not within 0 .. 1");
  EXPECT_EQ(shape_of(Split{0, 2, 1}, {{58, 4, 4}}), (Shape{29, 4, 4}));
  EXPECT_EQ(mistake(Split{0, 3, 1}, {{58, 4, 4}}), "\"parts\" 3 does not divide axis 0 of 58x4x4");
  EXPECT_EQ(mistake(Split{0, 2, 2}, {{58, 4, 4}}), "\"index\" 2 is not within 0 .. 1");
  EXPECT_EQ(mistake(ChannelShuffle{3}, {{58, 4, 4}}), "\"groups\" 3 does not divide the 58 channels");
}

TEST(Shapes, OfSequenceOperators) {
  EXPECT_EQ(shape_of(Linear{10, true}, {{49, 768}}), (Shape{49, 10}));
  EXPECT_EQ(shape_of(Permute{{1, 2, 0}}, {{96, 7, 5}}), (Shape{7, 5, 96}));
  EXPECT_EQ(mistake(Permute{{1, 1, 0}}, {{96, 7, 5}}), "\"order\" does not name each of the 3 axes of 96x7x5 once");
  EXPECT_EQ(mistake(Permute{{0, 1}}, {{96, 7, 5}}), "\"order\" does not name each of the 3 axes of 96x7x5 once");
  EXPECT_EQ(shape_of(Reshape{{4, 8, 9}}, {{32, 3, 3}}), (Shape{4, 8, 9}));
  EXPECT_EQ(mistake(Reshape{{5, 5}}, {{24}}), "\"shape\" 5x5 has 25 elements, but the value 24 has 24");
  EXPECT_EQ(mistake(Reshape{{-1}}, {{24}}), "\"shape\" -1 has an axis of -1, less than 1");
  EXPECT_EQ(shape_of(MatMul{}, {{4, 7, 16}, {4, 16, 9}}), (Shape{4, 7, 9}));
  EXPECT_EQ(shape_of(MatMul{.transpose_b = true}, {{4, 7, 16}, {4, 9, 16}}), (Shape{4, 7, 9}));
  EXPECT_EQ(mistake(MatMul{}, {{4, 7, 16}, {4, 9, 16}}), "matmul cannot multiply 4x7x16 by 4x9x16");
  EXPECT_EQ(mistake(MatMul{.transpose_b = true}, {{4, 7, 16}, {3, 9, 16}}),
            "matmul cannot multiply 4x7x16 by 3x9x16 transposed");
  EXPECT_EQ(mistake(MatMul{}, {{16}, {16}}), "matmul cannot multiply 16 by 16");
  EXPECT_EQ(shape_of(Resize{{14, 20}}, {{8, 7, 10}}), (Shape{8, 14, 20}));
  EXPECT_EQ(shape_of(AdaptiveAvgPool2d{{6, 1}}, {{8, 2, 9}}), (Shape{8, 6, 1}));
}

TEST(Shapes, RefuseRatesOutsideTheirRange) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(mistake(Dropout{1.0}, {{8}}), "\"p\" 1 is not within [0, 1)");
  EXPECT_EQ(mistake(StochasticDepth{nan}, {{8}}), "\"p\" nan is not within [0, 1)");
  EXPECT_EQ(mistake(BatchNorm2d{.eps = 0.0}, {{8, 1, 1}}), "\"eps\" 0 is not within 1e-12 .. 1");
  EXPECT_EQ(mistake(BatchNorm2d{.momentum = -0.1}, {{8, 1, 1}}), "\"momentum\" -0.1 is not within 0 .. 1");
  EXPECT_EQ(mistake(LayerScale{infinity}, {{8, 1, 1}}), "\"initial\" is not a finite number");
  EXPECT_EQ(mistake(MatMul{.scale = nan}, {{2, 2}, {2, 2}}), "\"scale\" is not a finite number");
}

TEST(Shapes, StayWithinTheBoundForEveryAttribute) {
  constexpr std::int64_t most = std::int64_t{1} << 31;
  RandomStream random = RandomStream::named(7, "huge attributes");
  const auto huge = [&]() -> std::int64_t {
    switch (random.below(4)) {
      case 0:
        return between(random, -2, 4);
      case 1:
        return std::int64_t{1} << random.below(63);
      case 2:
        return std::numeric_limits<std::int64_t>::max() - between(random, 0, 2);
      default:
        return static_cast<std::int64_t>(random.next());
    }
  };
  const auto pair = [&] { return Pair{huge(), huge()}; };
  const auto size = [&] { return std::int64_t{1} << random.below(12); };
  for (int i = 0; i < 20'000; ++i) {
    const std::vector<Operator> ops{Input{{huge(), huge(), huge()}},
                                    Conv2d{huge(), pair(), pair(), pair(), pair(), huge(), true},
                                    Conv2d{huge(), {3, 3}, {1, 1}, pair(), {1, 1}, 1, true},
                                    MaxPool2d{pair(), pair(), pair(), random.chance(0.5)},
                                    AvgPool2d{pair(), pair(), {0, 0}, random.chance(0.5), true},
                                    AdaptiveAvgPool2d{pair()},
                                    Linear{huge(), true},
                                    Concat{huge()},
                                    Split{huge(), huge(), huge()},
                                    ChannelShuffle{huge()},
                                    Reshape{{huge(), huge(), huge()}},
                                    Permute{{huge(), huge(), huge()}},
                                    Resize{pair()}};
    const Shape image{size(), size(), size()};
    for (const Operator& op : ops) {
      const bool is_input = std::holds_alternative<Input>(op);
      const auto shape = infer_shape(op, is_input ? std::vector<Shape>{} : std::vector<Shape>{image});
      if (!shape) continue;
      std::int64_t count = 1;
      for (const std::int64_t extent : *shape) {
        ASSERT_GE(extent, 1);
        ASSERT_LE(extent, most / count);
        count *= extent;
      }
    }
  }
}

// ---- Every convolution, linear layer and pooling of the 21 backbones, against what torchvision computed ----

std::string unpacked(const std::filesystem::path& path) {
  std::string text;
  if (FILE* pipe = popen(("gzip -dc '" + path.string() + "'").c_str(), "r")) {
    char buffer[4096];
    for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    pclose(pipe);
  }
  return text;
}

std::vector<std::int64_t> numbers(const std::string& text) {
  std::vector<std::int64_t> all;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, 'x');) all.push_back(std::stoll(part));
  return all;
}
Pair pair_of(const std::string& text) {
  const auto both = numbers(text);
  return {both.front(), both.back()};
}

TEST(Shapes, ParametersAndMacsEqualTheLayersOfTorchvision) {
  const char* shared = std::getenv("EDGEWISE_SHARED_DATA");
  const auto path = std::filesystem::path(shared ? shared : "") / "tabular/torchvision_layers.csv.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the table of torchvision's layers is not here: " << path;
  std::string table = unpacked(path);
  std::erase(table, '\r');
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);
  ASSERT_EQ(line, "model,i,name,type,in_shape,out_shape,kernel,stride,pad,groups,bias,params,macs");
  int checked = 0;
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    ASSERT_EQ(cells.size(), 13U) << line;
    Shape in = numbers(cells[4]), out = numbers(cells[5]);
    in.erase(in.begin());
    out.erase(out.begin());
    std::vector<Operator> ops;
    if (cells[3] == "Conv2d")
      ops = {Conv2d{out[0],
                    pair_of(cells[6]),
                    pair_of(cells[7]),
                    pair_of(cells[8]),
                    {1, 1},
                    std::stoll(cells[9]),
                    cells[10] == "1"}};
    else if (cells[3] == "Linear")
      ops = {Linear{out.back(), cells[10] == "1"}};
    else if (cells[3] == "MaxPool2d")  // the table does not tell ceil_mode
      for (const bool ceil_mode : {false, true})
        ops.push_back(MaxPool2d{pair_of(cells[6]), pair_of(cells[7]), pair_of(cells[8]), ceil_mode});
    else
      continue;
    ++checked;
    std::vector<Shape> shapes;
    for (const Operator& op : ops) shapes.push_back(shape_of(op, {in}));
    EXPECT_THAT(shapes, testing::Contains(out)) << line;
    const auto graph = make_graph({{"input", Input{in}, {}, {}}, {"layer", ops[0], {0}, {}}}, 1);
    ASSERT_TRUE(graph) << line;
    EXPECT_EQ(node_costs(*graph)[1].parameters, std::stoll(cells[11])) << line;
    EXPECT_EQ(node_costs(*graph)[1].macs, std::stoll(cells[12])) << line;
  }
  EXPECT_EQ(checked, 993 + 135 + 23);
}

}  // namespace
}  // namespace edgewise::graph
