#include "base/file.hpp"
#include "job/space_fields_internal.hpp"

namespace edgewise::job {

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;

std::string families_in_words() {
  std::string words;
  for (const auto& name : space::families().names()) words += name + ", ";
  return words + "or a space file (NAME.yaml)";
}

/// Reads what the family says, where it is a file: beside the job file, or a built-in one.
void read_content(config::Options& o, space::Source& space, const std::filesystem::path& folder) {
  if (!space::is_space_file(space.name)) {
    space.content = space::built_in_content(space.name);
    return;
  }
  auto content = read_file(folder / space.name, most_bytes);
  if (content)
    space.content = *std::move(content);
  else
    o.problem("space.family", "space: " + content.error().message, "paths are relative to the job file");
}

}  // namespace

std::expected<space::Family, space::FamilyMistakes> read_space(config::Options& o, space::Source& space,
                                                               const space::Frame& frame,
                                                               const std::filesystem::path& folder, bool is_recorded) {
  o.section(
      "space", "family",
      [&](config::Options& s) {
        s.text("family", space.name, "the family of networks that is searched: " + families_in_words());
        if (is_recorded) s.text("content", space.content, "the space file as it was when the study began");
        s.rest(space.options, "narrows the family's parameters: a list of values, or {low, high, step}");
      },
      "what may be chosen");
  if (!is_recorded) read_content(o, space, folder);
  auto family = space::read_family(space, frame);
  if (!family && !o.has_problem("space.family"))
    if (const auto& error = family.error().in_options)
      o.problem("space." + error->where, "space: " + error->message, error->next);
  return family;
}

}  // namespace edgewise::job
