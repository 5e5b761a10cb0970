// The job file: any bytes give a job or mistakes, and a job's YAML reads back as the same job.
#include <cstdint>
#include <cstdlib>

#include "base/random.hpp"
#include "job/job.hpp"
#include "space/family.hpp"

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
  // What a job may say can be built: one network of its space, another one for each input.
  const space::Frame frame = job::frame_without_data(*job);
  const auto family = space::make_family(job->space, frame);
  if (!family) std::abort();
  RandomStream random(stable_hash(text));
  if (const auto choice = family->space.sample(random); choice && !family->build(*choice, frame)) std::abort();
  return 0;
}
