/// Writes pages of made-up studies for the browser test and for looking at: make_sample_report FOLDER
#include <filesystem>
#include <print>

#include "base/file.hpp"
#include "graph/drawing.hpp"
#include "report/report.hpp"
#include "sample_study.hpp"
#include "search/pareto.hpp"
#include "space/backbones.hpp"
#include "task/box/box.hpp"

using namespace edgewise;

namespace {

/// Real drawings of the backbones on the front, in the frame of the sample study.
std::map<std::string, std::string> drawings(const study::Study& study) {
  std::map<std::string, std::string> all;
  for (const auto* trial : search::pareto_front(study)) {
    const auto backbone = trial->choice.find("backbone");
    if (backbone == trial->choice.end()) continue;
    const auto graph =
        space::build_backbone(std::get<std::string>(backbone->second),
                              {.channels = 3, .input_size = 64, .head = task::head_of(task::box()), .outputs = 4});
    if (graph) all[study::to_text(trial->id)] = graph::draw_svg(*graph);
  }
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::println(stderr, "usage: make_sample_report FOLDER");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder);
  auto hostile = sample::hostile_study();
  const std::map<std::string, study::Study> studies = {
      {"staged", sample::staged_study()},     {"three_objectives", sample::resnet_study(120, 3)},
      {"many", sample::resnet_study(500, 2)}, {"hostile", hostile},
      {"empty", sample::empty_study()},       {"failed", sample::failed_study(12)},
      {"one", sample::resnet_study(1, 2)}};
  for (const auto& [name, study] : studies) {
    auto pictures = drawings(study);
    if (name == "hostile")
      pictures["0"] =
          "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40' "
          "onload='window.hacked=1'><script>window.hacked=1</script></svg></script>";
    const auto page = report::html_page(study, pictures);
    if (const auto written = write_file(folder / (name + ".html"), page); !written) {
      std::print(stderr, "{}", to_text(written.error()));
      return 1;
    }
    std::println("{}.html {} kB", name, page.size() / 1024);
  }
  return 0;
}
