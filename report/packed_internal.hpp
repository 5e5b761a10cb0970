/// What the page holds packed, because it is large and not needed before the first charts stand.
#pragma once

#include <string>

#include "study/study.hpp"

namespace edgewise::report {

/// The text by zlib (RFC 1950) in Base64 (RFC 4648), which the page undoes with the browser's own DecompressionStream:
/// a drawing shrinks to a tenth, and a front of drawings would otherwise be half of the page.
std::string packed(const std::string& text);

/// All curves in the order of the trials: a list of packed texts, each a JSON list of some hundred curves by columns
/// (`Curve` of the schema). Numbers have five significant digits, more than a chart shows.
Json packed_curves(const study::Study& study);

}  // namespace edgewise::report
