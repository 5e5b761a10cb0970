/// The devices that a job can name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/catalogue.hpp"
#include "base/quantity.hpp"
#include "base/settings.hpp"
#include "device/device.hpp"
#include "device/quantities.hpp"

namespace edgewise::device {

/// What stands against using a device on this machine: told before a study is made, since it would cost trial after
/// trial.
struct Doubt {
  std::string option;  ///< of the device
  Error error;
};

/// One kind of device. A new one is one source file with its entry.
struct Entry {
  std::string name;                  ///< "local"
  std::string sentence;              ///< what it is
  Settings settings;                 ///< its options, with their defaults
  std::vector<Quantity> quantities;  ///< what its readings can hold
  std::function<Result<std::unique_ptr<Device>>(const Settings&, const Waiting&)> make;
  std::vector<std::string> checked_here = {};                      ///< options that `doubts` looks at
  std::function<std::vector<Doubt>(const Settings&)> doubts = {};  ///< may be empty
  std::function<double(const Settings&)> seconds_each = {};        ///< of one reading, about; empty: none to speak of
};

Catalogue<Entry>& devices();

/// The device that a job names, with its options; at first the catalogue's first.
class Selection {
 public:
  Selection();
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Entry& entry() const;
  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// Declares `name` and the options of the device of that name.
  /// @param all  those of every device, for the reference
  void fields(config::Options& options, bool all = false);
  [[nodiscard]] Result<std::unique_ptr<Device>> make(const Waiting& waiting = {}) const;
  [[nodiscard]] std::vector<Doubt> doubts() const;
  [[nodiscard]] double seconds_each() const;

 private:
  std::string name_;
  Settings settings_;
};

}  // namespace edgewise::device
