#include "device/devices.hpp"

#include "device/local_device.hpp"

namespace edgewise::device {

Catalogue<Entry>& devices() {
  static Catalogue<Entry> all("device", {local_entry()});
  return all;
}

Selection::Selection() : name_(devices().entries().front().name), settings_(entry().settings) {}

const Entry& Selection::entry() const {
  const Entry* found = devices().find(name_);
  EDGEWISE_ASSERT(found != nullptr, "a selected device is in the catalogue");
  return *found;
}

void Selection::fields(config::Options& options, bool all) {
  const std::string before = name_;
  options.word("name", name_, devices().names(), "the device that candidates are measured on");
  if (name_ != before) settings_ = entry().settings;
  settings_.fields(options);
  if (!all) return;
  for (const Entry& other : devices().entries())
    if (other.name != name_) Settings(other.settings).fields(options);
}

Result<std::unique_ptr<Device>> Selection::make(const Waiting& waiting) const {
  return entry().make(settings_, waiting);
}

std::vector<Doubt> Selection::doubts() const {
  return entry().doubts ? entry().doubts(settings_) : std::vector<Doubt>{};
}

double Selection::seconds_each() const {
  return entry().seconds_each ? entry().seconds_each(settings_) : 0.0;
}

}  // namespace edgewise::device
