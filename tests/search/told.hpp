/// Options of one strategy, as tests write them.
#pragma once

#include <string>
#include <utility>

#include "search/bayes/mobo.hpp"
#include "search/free/options.hpp"
#include "search/rungs/options.hpp"
#include "search/strategies.hpp"

namespace edgewise::search {

/// `options` for that strategy; the others keep their defaults.
template <class T>
SettingsOfAll<StrategyEntry> told(const std::string& strategy, T options) {
  SettingsOfAll<StrategyEntry> all{strategies};
  all.set(strategy, Settings(std::move(options)));
  return all;
}

}  // namespace edgewise::search
