// The lines of `edgewise optimize`: whatever comes, each is answered by one JSON object in one line, and the next
// request works.
#include "exchange/optimize.hpp"

#include <cstdint>
#include <cstdlib>
#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise;
  static const auto problem = exchange::parse_problem(
      "parameters:\n  kind: [a, b]\n  x: {type: real, low: 0, high: 1}\n  n: {type: integer, low: 1, high: 8, when: "
      "{kind: [b]}}\n"
      "objectives: {error: minimize, speed: maximize}\nconstraints: [latency_ms < 33, speed / x < 1e6]\n",
      "p.yaml");
  auto optimizer = exchange::Optimizer::make(problem.value(), {.trials = 50});
  if (!optimizer) std::abort();
  std::istringstream in("{\"ask\": 2}\n" + std::string(reinterpret_cast<const char*>(data), size));
  std::ostringstream out;
  if (!exchange::serve(**optimizer, in, out)) std::abort();
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    const auto answer = parse_json(line, "answer");
    if (!answer || !answer->is_object()) std::abort();
  }
  const auto status = parse_json((*optimizer)->answer("{\"status\": true}"), "answer");
  if (!status || !status->contains("open")) std::abort();
  return 0;
}
