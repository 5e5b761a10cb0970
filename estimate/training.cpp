#include "estimate/training.hpp"

#include "train/settings.hpp"

namespace edgewise::estimate {

namespace {

class Training final : public Estimator {
 public:
  [[nodiscard]] std::string name() const override { return "training"; }
  [[nodiscard]] std::string doing() const override { return "training"; }

  Result<std::vector<Estimate>> estimate(std::span<const Subject> subjects, const study::Fidelity& fidelity,
                                         Workbench& bench, const std::filesystem::path& /*prepared*/) override {
    std::vector<Estimate> estimates;
    for (const Subject& subject : subjects) {
      TRY(Trained trained, bench.train(subject, fidelity.epochs()));
      Estimate one{.values = study::values_of(study::Source::trained, trained.metrics),
                   .paid = fidelity,
                   .best_epoch = trained.best_epoch,
                   .weights = std::move(trained.weights),
                   .stopped_early = std::move(trained.stopped_early),
                   .details = std::move(trained.details),
                   .seconds = trained.seconds};
      one.values[train::validation_loss().name] = {.value = trained.validation_loss, .source = study::Source::trained};
      one.paid.amounts["epochs"] = trained.epochs;
      estimates.push_back(std::move(one));
    }
    return estimates;
  }
};

std::vector<Quantity> quantities_of(const task::Task& task) {
  std::vector<Quantity> all = task.metrics();
  all.push_back(train::validation_loss());
  return all;
}

}  // namespace

Entry training() {
  return {.name = "training",
          .sentence = "full training: the candidate is trained, exported and measured",
          .settings = {},
          .amounts = {{.name = "epochs",
                       .sentence = "passes over the training images, in total",
                       .low = 1,
                       .high = 10000,
                       .full = 10}},
          .quantities = quantities_of,
          .make = [](const Settings&) -> std::unique_ptr<Estimator> { return std::make_unique<Training>(); },
          .trains_as_told = true};
}

}  // namespace edgewise::estimate
