#include <charconv>
#include <cmath>
#include <set>

#include "report/columns_internal.hpp"
#include "report/packed_internal.hpp"

namespace edgewise::report {

namespace {

/// Curves are the most of a study's numbers: they go straight into a text.
class Writer {
 public:
  Writer& raw(std::string_view text) {
    text_ += text;
    return *this;
  }
  Writer& number(double value) {
    if (!std::isfinite(value)) return raw("null");
    char text[32];
    return raw({text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 5).ptr});
  }
  Writer& number(int value) {
    char text[16];
    return raw({text, std::to_chars(text, text + sizeof text, value).ptr});
  }
  /// `"name":[read(point), ...]`
  template <class Read>
  Writer& column(const std::string& name, const std::vector<study::CurvePoint>& curve, Read read) {
    raw(dump(Json(valid_utf8(name)))).raw(":[");
    for (std::size_t i = 0; i < curve.size(); ++i) {
      if (i > 0) raw(",");
      number(read(curve[i]));
    }
    return raw("]");
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

void write(Writer& writer, const std::vector<study::CurvePoint>& curve) {
  using Point = study::CurvePoint;
  std::set<std::string> names;
  for (const auto& point : curve)
    for (const auto& [name, value] : point.metrics) names.insert(name);
  writer.raw("{").column("stage", curve, [](const Point& p) { return p.stage; });
  writer.raw(",").column("epoch", curve, [](const Point& p) { return p.epoch; });
  writer.raw(",").column("train_loss", curve, [](const Point& p) { return p.train_loss; });
  writer.raw(",").column("validation_loss", curve, [](const Point& p) { return p.validation_loss; });
  writer.raw(",\"metrics\":{");
  for (bool is_first = true; const auto& name : names) {
    if (!is_first) writer.raw(",");
    is_first = false;
    writer.column(name, curve, [&](const Point& p) {
      const auto found = p.metrics.find(name);
      return found == p.metrics.end() ? std::nan("") : found->second;
    });
  }
  writer.raw("}}");
}

}  // namespace

Json packed_curves(const study::Study& study) {
  constexpr std::size_t at_once = 250;
  Json all = Json::array();
  for (std::size_t first = 0; first < study.trials.size(); first += at_once) {
    Writer writer;
    writer.raw("[");
    for (std::size_t i = first; i < std::min(first + at_once, study.trials.size()); ++i) {
      if (i > first) writer.raw(",");
      write(writer, study.trials[i].curve);
    }
    all.push_back(packed(std::move(writer.raw("]")).take()));
  }
  return all;
}

}  // namespace edgewise::report
