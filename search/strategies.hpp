/// The strategies that there are, and how one of them is made.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/catalogue.hpp"
#include "base/settings_of_all.hpp"
#include "search/strategy.hpp"

namespace edgewise::search {

/// One strategy: all that others know of it.
struct StrategyEntry {
  using Make = std::function<Result<std::unique_ptr<Strategy>>(const Common& common, const Settings& settings,
                                                               const space::Space& space)>;
  std::string name;
  std::string sentence;  ///< what it does, for the reference page
  Settings settings;     ///< its options with their defaults
  /// @param settings  of the type of the member; @param space  borrowed: it outlives the strategy
  /// @error invalid_input: what it cannot do with these options in this space
  Make make;
  bool needs_finite_space = false;
  bool looks_at_price = false;  ///< finding out what evaluations cost takes time, which others need not spend
  /// Where its options stand among those of others in a job file's reference: small numbers first, those below
  /// `place_of_rank` before the expression that ranks candidates.
  int place = 100;
  /// Units that its last evaluations pay, where that is no full evaluation; empty: it is.
  std::function<int(const Settings&)> last_units = {};
};
inline constexpr int place_of_rank = 10;

Catalogue<StrategyEntry>& strategies();

/// What a search is told: which strategy, what all strategies share, and the options of each.
struct Options {
  std::string strategy = "random";  ///< one of strategies()
  Common common;
  SettingsOfAll<StrategyEntry> settings{strategies};

  /// Declares a job file's `search:` section: `strategy`, `trials`, and everything of `declare_options`.
  void fields(config::Options& o);
  /// Declares `rank` and the options of all strategies, in one flat list.
  void declare_options(config::Options& o);
};

/// Units of the last evaluations that a search pays for a trial, after which nothing more is learned of it.
int last_units(const Options& options);

/// Sets what `declare_options` declares, from "NAME=VALUE" of a command line; the value is written as in a job file.
/// @error invalid_input: no such option, or no value that it can have
Status set_option(Options& options, const std::string& text);

/// @param space  borrowed; must outlive the strategy
/// @error invalid_input: unknown strategy, a rank over values that are not recorded, a choice to start with that the
/// space does not have; what the strategy says
Result<std::unique_ptr<Strategy>> make_strategy(const Options& options, const space::Space& space);

}  // namespace edgewise::search
