/// What a study records of a candidate: a number, and where it comes from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/quantity.hpp"

namespace edgewise::study {

/// Who says so.
enum class Source {
  computed,   ///< from the choice or the network's graph, by arithmetic
  measured,   ///< on a device
  predicted,  ///< by a model of a device: nothing ran
  estimated,  ///< by an estimator that is cheaper than training
  trained,    ///< of a trained network, on the validation split
  told,       ///< by a user, another program or another study
};
std::string_view to_text(Source source);
std::optional<Source> source_from_text(std::string_view text);

/// There is no value without a source: nothing turns a bare number into one in passing.
struct Value {
  double value = 0;
  Source source = Source::told;
  std::optional<Interval> interval;  ///< where it lies, by whoever recorded it; nothing: not said
  std::string device, precision;     ///< that it holds for: "local", "fp32"; empty: for none in particular
  friend bool operator==(const Value&, const Value&) = default;
};

/// By name. "latency_ms" is the value on the device the study is about, "latency_ms@board" the one on another.
using Values = std::map<std::string, Value>;

/// Numbers of one source.
Values values_of(Source source, const std::map<std::string, double>& numbers);
/// Only the numbers, for arithmetic.
std::map<std::string, double> numbers(const Values& values);

}  // namespace edgewise::study
