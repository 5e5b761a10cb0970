#include "run/clock.hpp"

#include <format>

#include "base/file.hpp"
#include "base/json.hpp"

namespace edgewise::run {

namespace fs = std::filesystem;

void SearchClock::read(const study::Study& study, const std::function<void(const std::string&)>& say) {
  if (fs::exists(file_)) {
    const auto json = read_json(file_);
    if (json && json->is_object() && json->contains("searched_s") && (*json)["searched_s"].is_number() &&
        (*json)["searched_s"] >= 0) {
      before_s_ = (*json)["searched_s"].get<double>();
      return;
    }
    say(std::format("note: \"{}\" does not tell how long the study was searched; what its trials took is counted",
                    file_.string()));
  }
  for (const auto& trial : study.trials)
    for (const auto& result : trial.results)
      before_s_ += result.train_s + result.measure_s + result.export_s + result.overhead_s;
}

Status SearchClock::write() const {
  return write_file(file_, dump(Json{{"searched_s", searched_s()}}));
}

double SearchClock::elapsed_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

}  // namespace edgewise::run
