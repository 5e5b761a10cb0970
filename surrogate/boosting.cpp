#include <xgboost/c_api.h>

#include <format>
#include <limits>
#include <memory>

#include "surrogate/boosting_internal.hpp"

namespace edgewise::surrogate {

namespace {

struct FreeMatrix {
  void operator()(void* handle) const { XGDMatrixFree(handle); }
};
using Table = std::unique_ptr<void, FreeMatrix>;  // XGBoost's DMatrix

Status checked(int code, const char* what) {
  if (code == 0) return {};
  // Its message goes on with a stack trace, which says nothing to a user.
  const std::string text = XGBGetLastError();
  return invalid(std::format("XGBoost cannot {}: {}", what, text.substr(0, text.find('\n'))));
}

Result<Table> make_table(const Rows& inputs) {
  DMatrixHandle handle = nullptr;
  TRY_DO(checked(
      XGDMatrixCreateFromMat(inputs.data(), static_cast<bst_ulong>(inputs.rows()),
                             static_cast<bst_ulong>(inputs.cols()), std::numeric_limits<float>::quiet_NaN(), &handle),
      "read the points"));
  return Table(handle);
}

/// What no caller of `predict` could mend: the booster was trained here, on rows that were encoded alike.
void demand(int code) {
  EDGEWISE_ASSERT(code == 0, XGBGetLastError());
}

}  // namespace

Result<Booster> Booster::train(const Rows& inputs, const std::vector<float>& targets, const std::vector<float>& weights,
                               bool ranking, const BoosterSettings& settings, int rounds) {
  TRY(const auto table, make_table(inputs));
  TRY_DO(checked(XGDMatrixSetFloatInfo(table.get(), "label", targets.data(), targets.size()), "take the targets"));
  if (!weights.empty())
    TRY_DO(checked(XGDMatrixSetFloatInfo(table.get(), "weight", weights.data(), weights.size()), "take the weights"));
  if (ranking) {
    const auto all = static_cast<std::uint32_t>(inputs.rows());
    const auto one_group = std::format(R"({{"data":[{},true],"shape":[1],"typestr":"<u4","version":3}})",
                                       reinterpret_cast<std::uintptr_t>(&all));
    TRY_DO(checked(XGDMatrixSetInfoFromInterface(table.get(), "group", one_group.c_str()), "take the group"));
  }
  BoosterHandle handle = nullptr;
  const DMatrixHandle tables[] = {table.get()};
  TRY_DO(checked(XGBoosterCreate(tables, 1, &handle), "start"));
  Booster booster(handle);
  // Tables are tiny: a second thread costs more than it does.
  for (const auto& [name, value] : BoosterSettings{{"verbosity", "0"}, {"nthread", "1"}}) {
    TRY_DO(checked(XGBoosterSetParam(handle, name, value.c_str()), "be set up"));
  }
  for (const auto& [name, value] : settings)
    TRY_DO(checked(XGBoosterSetParam(handle, name, value.c_str()), "be set up"));
  for (int round = 0; round < rounds; ++round)
    TRY_DO(checked(XGBoosterUpdateOneIter(handle, round, table.get()), "learn"));
  return booster;
}

Booster::~Booster() {
  if (handle_ != nullptr) XGBoosterFree(handle_);
}

Vector Booster::predict(const Rows& inputs) const {
  if (inputs.rows() == 0) return {};
  // In place: no copy of the table, and safe from several threads at once.
  const auto array = std::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                                 reinterpret_cast<std::uintptr_t>(inputs.data()), inputs.rows(), inputs.cols());
  constexpr auto settings = R"({"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,)"
                            R"("missing":NaN,"cache_id":0})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* values = nullptr;
  demand(XGBoosterPredictFromDense(handle_, array.c_str(), settings, nullptr, &shape, &dimensions, &values));
  return Eigen::Map<const Eigen::VectorXf>(values, inputs.rows()).cast<double>();
}

std::vector<std::size_t> Booster::leaves(const Rows& inputs) const {
  if (inputs.rows() == 0) return {};
  const auto table = make_table(inputs);
  EDGEWISE_ASSERT(table.has_value(), "rows of floats become a table");
  constexpr auto settings = R"({"type":6,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* values = nullptr;
  demand(XGBoosterPredictFromDMatrix(handle_, table->get(), settings, &shape, &dimensions, &values));
  return {values, values + inputs.rows()};
}

}  // namespace edgewise::surrogate
