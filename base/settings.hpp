/// What an entry of a catalogue can be told: a plain struct that declares its own options.
///
///     struct Nsga2Options {
///       std::int64_t population = 0;
///       void fields(config::Options& o) { o.integer("population", population, {0, 10000}, "individuals; 0: ..."); }
///     };
///     Entry{.name = "nsga2", .settings = Settings(Nsga2Options{}), ...}
#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "base/config.hpp"
#include "base/error.hpp"

namespace edgewise {

template <class T>
concept DeclaresOptions = std::copyable<T> && requires(T values, config::Options& options) { values.fields(options); };

/// The values of one entry's options, of a type that only the entry knows. Copies are independent.
class Settings {
 public:
  /// No options.
  Settings() = default;
  /// Settings themselves are left out first: whether they can be copied is what is being asked then.
  template <class T>
    requires(!std::same_as<T, Settings> && DeclaresOptions<T>)
  explicit Settings(T values) : held_(std::make_unique<Held<T>>(std::move(values))) {}
  Settings(const Settings& other) : held_(other.held_ ? other.held_->clone() : nullptr) {}
  Settings(Settings&&) noexcept = default;
  Settings& operator=(Settings other) noexcept {
    held_ = std::move(other.held_);
    return *this;
  }
  ~Settings() = default;

  /// Declares the options, with their present values, to a reader, a writer or a reference.
  void fields(config::Options& options) {
    if (held_) held_->fields(options);
  }
  /// The values as the entry's own type. Settings of another type break an invariant.
  template <DeclaresOptions T>
  [[nodiscard]] const T& as() const {
    const auto* held = dynamic_cast<const Held<T>*>(held_.get());
    EDGEWISE_ASSERT(held != nullptr, "settings are asked for as another type than they have");
    return held->values;
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void fields(config::Options& options) = 0;
    [[nodiscard]] virtual std::unique_ptr<Base> clone() const = 0;
  };
  template <class T>
  struct Held final : Base {
    explicit Held(T given) : values(std::move(given)) {}
    void fields(config::Options& options) override { values.fields(options); }
    [[nodiscard]] std::unique_ptr<Base> clone() const override { return std::make_unique<Held>(values); }
    T values;
  };
  std::unique_ptr<Base> held_;
};

}  // namespace edgewise
