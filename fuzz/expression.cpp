// Whatever the text, parsing ends with an expression or an error that names a column; an expression that was read
// evaluates to a finite number or to nothing, and its own text reads back to the same.
#include "study/expression.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::map<std::string, double> values{{"a", 2.0}, {"iou", 0.8}, {"latency_ms", 33.0}, {"x", -1e300}};
  const auto expression = study::Expression::parse(text);
  if (!expression) {
    EDGEWISE_ASSERT(expression.error().where.starts_with("column "), "a mistake has a column");
    EDGEWISE_ASSERT(!expression.error().message.empty(), "a mistake is told");
  } else {
    const auto value = expression->evaluate(values);
    EDGEWISE_ASSERT(!value || std::isfinite(*value), "a value is finite");
    const auto again = study::Expression::parse(expression->text());
    EDGEWISE_ASSERT(again && again->evaluate(values) == value && again->names() == expression->names(),
                    "the text reads back to the same");
  }
  const auto comparison = study::Comparison::parse(text);
  if (comparison)
    static_cast<void>(comparison->holds(values));
  else
    EDGEWISE_ASSERT(comparison.error().where.starts_with("column "), "a mistake has a column");
  return 0;
}
