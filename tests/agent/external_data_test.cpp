#include "agent/external_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <sys/stat.h>

#include <functional>

#include "base/file.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void name_place(onnx::TensorProto& tensor, const std::string& place) {
  tensor.set_name("w");
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& offset = *tensor.add_external_data();
  offset.set_key("offset");
  offset.set_value("0");
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value(place);
}

onnx::ModelProto model_with(const std::string& place) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  name_place(*model.mutable_graph()->add_initializer(), place);
  return model;
}

TEST(ExternalData, IsFoundWhereverATensorCanBe) {
  using Put = std::function<onnx::TensorProto&(onnx::ModelProto&)>;
  const std::vector<std::pair<std::string, Put>> homes{
      {"weight", [](auto& m) -> auto& { return *m.mutable_graph()->add_initializer(); }},
      {"sparse values",
       [](auto& m) -> auto& { return *m.mutable_graph()->add_sparse_initializer()->mutable_values(); }},
      {"sparse indices",
       [](auto& m) -> auto& { return *m.mutable_graph()->add_sparse_initializer()->mutable_indices(); }},
      {"attribute", [](auto& m) -> auto& { return *m.mutable_graph()->add_node()->add_attribute()->mutable_t(); }},
      {"attribute's list",
       [](auto& m) -> auto& { return *m.mutable_graph()->add_node()->add_attribute()->add_tensors(); }},
      {"sparse attribute",
       [](auto& m) -> auto& {
         return *m.mutable_graph()->add_node()->add_attribute()->mutable_sparse_tensor()->mutable_values();
       }},
      {"sparse list",
       [](auto& m) -> auto& {
         return *m.mutable_graph()->add_node()->add_attribute()->add_sparse_tensors()->mutable_values();
       }},
      {"body",
       [](auto& m) -> auto& {
         return *m.mutable_graph()->add_node()->add_attribute()->mutable_g()->add_initializer();
       }},
      {"list of bodies",
       [](auto& m) -> auto& {
         return *m.mutable_graph()->add_node()->add_attribute()->add_graphs()->add_initializer();
       }},
      {"body in a body",
       [](auto& m) -> auto& {
         return *m.mutable_graph()
                     ->add_node()
                     ->add_attribute()
                     ->mutable_g()
                     ->add_node()
                     ->add_attribute()
                     ->mutable_g()
                     ->add_initializer();
       }},
      {"function", [](auto& m) -> auto& { return *m.add_functions()->add_node()->add_attribute()->mutable_t(); }},
      {"function's default", [](auto& m) -> auto& { return *m.add_functions()->add_attribute_proto()->mutable_t(); }},
      {"training",
       [](auto& m) -> auto& { return *m.add_training_info()->mutable_initialization()->add_initializer(); }},
      {"training step",
       [](auto& m) -> auto& { return *m.add_training_info()->mutable_algorithm()->add_initializer(); }},
  };
  for (const auto& [home, put] : homes) {
    onnx::ModelProto model;
    model.set_ir_version(8);
    name_place(put(model), home);
    EXPECT_EQ(external_places(model.SerializeAsString()), std::set{home}) << home;
  }
}

TEST(ExternalData, OfAModelInOneFileIsNone) {
  onnx::ModelProto model;
  model.mutable_graph()->add_initializer()->set_raw_data(
      std::string(100, '\x6a'));  // 0x6a begins external data in a tensor
  model.set_producer_name("location");
  EXPECT_EQ(external_places(model.SerializeAsString()), std::set<std::string>{});
}

TEST(ExternalData, EveryPartOfAModelIsAnErrorOrHasNoMoreThanTheWhole) {
  auto model = model_with("w.bin");
  name_place(*model.mutable_graph()->add_node()->add_attribute()->mutable_g()->add_initializer(), "v.bin");
  const std::string whole = model.SerializeAsString();
  ASSERT_EQ(external_places(whole)->size(), 2U);
  int accepted = 0;
  for (std::size_t length = 0; length < whole.size(); ++length)
    if (const auto places = external_places(std::string_view(whole).substr(0, length))) {
      ++accepted;
      EXPECT_TRUE(places->empty()) << "the graph is the last field, so a part has none of it";
    }
  EXPECT_LE(accepted, 2) << "between fields alone";
}

TEST(ExternalData, MessagesInOneAnotherEndInAnErrorAndNotInTheStack) {
  std::string bytes;  // the body of an attribute of a node of a body ..., from the inside out
  const auto wrap = [&](char tag) {
    std::string length;
    for (std::size_t n = bytes.size();; n >>= 7) {
      length += static_cast<char>((n & 0x7F) | (n >= 0x80 ? 0x80 : 0));
      if (n < 0x80) break;
    }
    bytes = tag + length + bytes;
  };
  for (int i = 0; i < 3000; ++i)
    for (const char tag : {'\x32', '\x2a', '\x0a'}) wrap(tag);  // attribute.g, node.attribute, graph.node
  wrap('\x3a');                                                 // model.graph
  EXPECT_THAT(external_places(bytes).error().message, HasSubstr("nested deeper than"));
}

class ExternalDataFolder : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder / "model/sub");
    for (const char* name : {"secret", "model/w.bin", "model/sub/w.bin", "model2"})
      ASSERT_TRUE(write_file(folder / name, "12345678"));
    fs::create_symlink("../secret", folder / "model/link");
    fs::create_symlink("..", folder / "model/up");
    fs::create_symlink("w.bin", folder / "model/near");
    ASSERT_EQ(::mkfifo((folder / "model/pipe").c_str(), 0600), 0);
  }
  std::string told(const std::string& place) {
    const fs::path model = folder / "model/m.onnx";
    EXPECT_TRUE(write_file(model, model_with(place).SerializeAsString()));
    const auto status = check_external_data(model);
    return status ? "fine" : status.error().message;
  }
  TestFolder folder;
};

TEST_F(ExternalDataFolder, InTheModelsFolderIsFine) {
  for (const char* place : {"w.bin", "./w.bin", "sub/w.bin", "sub/../w.bin", "near"})
    EXPECT_EQ(told(place), "fine") << place;
}

TEST_F(ExternalDataFolder, ThatLeadsOutOfItIsRefused) {
  for (const std::string place : {"/etc/passwd", "../secret", "../../../../../../etc/passwd", "sub/../../secret",
                                  "link", "up/secret", "../model2", "*/_ORT_MEM_ADDR_/*"})
    EXPECT_THAT(told(place), HasSubstr("leads out of the model's folder")) << place;
  EXPECT_THAT(told(std::string("w.bin\0x", 7)), HasSubstr("leads out of the model's folder"));
  EXPECT_EQ(told((folder / "model/w.bin").string()).contains("leads out"), true)
      << "an absolute path ties the model to one machine";
}

TEST_F(ExternalDataFolder, ThatIsNoFileIsRefused) {
  EXPECT_THAT(told("none.bin"), HasSubstr("there is no file \"none.bin\""));
  EXPECT_THAT(told("pipe"), HasSubstr("is no file"));
  EXPECT_THAT(told("sub"), HasSubstr("is no file"));
  EXPECT_THAT(told(""), HasSubstr("is no file"));
}

}  // namespace
}  // namespace edgewise::agent
