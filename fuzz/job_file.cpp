// The job file: any bytes give a job or mistakes, and a job's YAML reads back as the same job.
#include <cstdint>
#include <cstdlib>

#include "job/job.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto job = job::parse_job(text, "/fuzz/job.yaml");
  if (!job) {
    if (job.error().empty()) std::abort();
    return 0;
  }
  const auto again = job::parse_job(job::to_yaml(*job), "/fuzz/job.yaml");
  if (!again || job::to_json(*again) != job::to_json(*job)) std::abort();
  return 0;
}
