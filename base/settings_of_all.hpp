/// The options of a whole catalogue in one flat section, whichever entry is chosen.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/catalogue.hpp"
#include "base/settings.hpp"

namespace edgewise {

/// What each entry of a catalogue is told: its own defaults until something else is set. Entries have members `name`
/// and `settings`. An option that is given for another entry than the chosen one is kept, and does nothing.
template <NamedEntry Entry>
class SettingsOfAll {
 public:
  using Source = Catalogue<Entry>& (*)();

  /// @param catalogue  looked at when it is needed and not before: entries are registered until `main` begins
  explicit SettingsOfAll(Source catalogue) : catalogue_(catalogue) {}

  [[nodiscard]] const Settings& of(const Entry& entry) const {
    const auto found = told_.find(entry.name);
    return found == told_.end() ? entry.settings : found->second;
  }
  /// Of the entry with that name; one of `T`, which must be the entry's own type.
  void set(const std::string& name, Settings settings) { told_.insert_or_assign(name, std::move(settings)); }

  /// Declares the options of one entry.
  void fields(const Entry& entry, config::Options& options) {
    told_.try_emplace(entry.name, entry.settings).first->second.fields(options);
  }
  /// Declares the options of all entries, in the catalogue's order.
  void fields(config::Options& options) {
    for (const Entry& entry : catalogue_().entries()) fields(entry, options);
  }

 private:
  Source catalogue_;
  std::map<std::string, Settings> told_;
};

}  // namespace edgewise
