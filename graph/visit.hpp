/// Visits of operators that leave none out. A `const auto&` at the end of a visit takes every operator that is ever
/// added; `const OneOf<Add, Mul> auto&` takes those named, so that a new one is an error until somebody has thought of
/// it.
#pragma once

#include <type_traits>

namespace edgewise::graph {

/// One visitor of several functions.
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

template <class T, class... Ops>
concept OneOf = (std::is_same_v<std::remove_cvref_t<T>, Ops> || ...);

}  // namespace edgewise::graph
