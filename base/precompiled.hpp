/// What nearly every file includes, for the precompiled headers of cmake/edgewise.cmake. No file includes it by name: a
/// file says itself what it uses, and builds without precompiled headers.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <filesystem>
#include <format>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>
#include <optional>
#include <print>
#include <random>
#include <ranges>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

// GCC compiles all of std::format's formatting anew in every file that calls it: 1.6 s of 2.7 s for a file of one call
// at -O2. Here it is compiled once, in base/precompiled.cpp. The name is libstdc++'s own, hence the exact version; any
// other one does without.
#if defined(__GNUC__) && !defined(__clang__) && _GLIBCXX_RELEASE == 14
#define EDGEWISE_FORMATTING_SCANNER std::__format::_Formatting_scanner<std::__format::_Sink_iter<char>, char>
extern template class EDGEWISE_FORMATTING_SCANNER;
#endif
