// The problem file: any bytes give a problem or mistakes with a message, and what a study keeps of it reads back as the
// same problem.
#include "space/space_file.hpp"

#include <cstdint>
#include <cstdlib>

#include "exchange/problem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto space = space::parse_space(text, "s.yaml"); !space && space.error().empty()) std::abort();
  const auto problem = exchange::parse_problem(text, "s.yaml");
  if (!problem) {
    if (problem.error().empty()) std::abort();
    return 0;
  }
  const auto again = exchange::problem_from_json(problem->document, problem->name);
  if (!again || again->document != problem->document || again->told != problem->told) std::abort();
  return 0;
}
