/// Open sets of things that are known by name: strategies, families, tasks, devices, formats, estimators, storages.
#pragma once

#include <concepts>
#include <deque>
#include <format>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace edgewise {

template <class Entry>
concept NamedEntry = requires(const Entry& entry) {
  { entry.name } -> std::convertible_to<std::string>;
};

/// Entries in the order in which they were added; names are unique. What knows one of them by name lives in that
/// entry's own file: everything else asks the catalogue. Filled before `main`; reading it from several threads is safe
/// after.
template <NamedEntry Entry>
class Catalogue {
 public:
  /// @param kind  what one entry is called in messages: "strategy"
  Catalogue(std::string kind, std::vector<Entry> built_in) : kind_(std::move(kind)) {
    for (Entry& entry : built_in) add(std::move(entry));
  }
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  void add(Entry entry) {
    EDGEWISE_ASSERT(find(entry.name) == nullptr, "two entries of a catalogue have one name");
    entries_.push_back(std::move(entry));
  }

  /// Places of entries do not change: pointers to them stay valid.
  [[nodiscard]] const std::deque<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_) names.emplace_back(entry.name);
    return names;
  }
  /// Null when there is none of this name.
  [[nodiscard]] const Entry* find(const std::string& name) const {
    for (const Entry& entry : entries_)
      if (entry.name == name) return &entry;
    return nullptr;
  }
  /// Never null. @error invalid_input with all names and the nearest one
  [[nodiscard]] Result<const Entry*> at(const std::string& name) const {
    if (const Entry* entry = find(name)) return entry;
    const std::string nearest = nearest_word(name, names());
    return invalid(std::format("{} \"{}\" is not one of {}", kind_, name, quoted_list(names())),
                   nearest.empty() ? "" : std::format("did you mean \"{}\"?", nearest));
  }

 private:
  std::string kind_;
  std::deque<Entry> entries_;
};

/// Adds an entry while a program starts: `const Registration added{strategies(), {...}};` in a source file that is
/// linked into it.
struct Registration {
  template <class Entry>
  Registration(Catalogue<Entry>& catalogue, Entry entry) {
    catalogue.add(std::move(entry));
  }
};

}  // namespace edgewise
