#include "report/schema.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "study/study.hpp"

namespace edgewise::report {

namespace {

using Kind = Type::Kind;

Type text() {
  return {.kind = Kind::text};
}
Type integer() {
  return {.kind = Kind::integer};
}
Type number() {
  return {.kind = Kind::number};
}
Type truth() {
  return {.kind = Kind::truth};
}
Type scalar() {
  return {.kind = Kind::scalar};
}
Type any() {
  return {.kind = Kind::any};
}
Type one_of(std::vector<std::string> words) {
  return {.kind = Kind::word, .words = std::move(words)};
}
Type a(std::string name) {
  return {.kind = Kind::record, .record = std::move(name)};
}
Type list(Type of) {
  return {.kind = Kind::list, .of = {std::move(of)}};
}
Type map(Type of) {
  return {.kind = Kind::map, .of = {std::move(of)}};
}
Type or_null(Type type) {
  type.is_nullable = true;
  return type;
}

const std::vector<Variant> only_json{Variant::json}, only_page{Variant::page};

Type direction() {
  return one_of({"minimize", "maximize"});
}

Type state() {
  using enum study::State;
  Type type{.kind = Kind::word};
  for (const auto one : {waiting, running, complete, pruned, failed, rejected})
    type.words.emplace_back(study::to_text(one));
  return type;
}

Record whole() {
  return {"Report",
          "What a study shows.",
          {
              {"format", one_of({"edgewise-report"}), "", "says what this is"},
              {"version", integer(), "", "of this format: 1"},
              {"study", a("StudyFacts"), "", "what does not change while the study runs"},
              {"quantities", list(a("QuantityFacts")), "", "what is declared of the values that the study records"},
              {"trials", list(a("Trial")), "", "all trials, by number"},
              {"front", list(integer()), "", "the trials on the Pareto front, in order of the first objective"},
              {"knee", or_null(integer()), "", "the front's trial nearest to the best of every objective"},
              {"chosen", or_null(integer()), "", "the trial to look at first"},
              {"picks", list(a("Pick")), "", "which trials of the front to look at first and why"},
              {"cover", or_null(a("Cover")), "", "the few trials that stand for a long front"},
              {.name = "no_contribution",
               .type = text(),
               .sentence = "why no trial has a contribution",
               .is_optional = true},
              {.name = "test",
               .type = map(map(number())),
               .sentence = "what the front's networks showed on the test split: metrics by trial",
               .is_optional = true},
              {"classes", list(text()), "", "names of the classes, in the order of a confusion matrix"},
              {"environment", any(), "", "the machine and the versions"},
              {"job", any(), "", "the job with every default"},
              {"data", or_null(a("DataFacts")), "", "what was said of the data when the study began"},
          }};
}

Record study_facts() {
  return {"StudyFacts",
          "What does not change while a study runs.",
          {
              {"name", text(), "", "the job file's stem"},
              {"seed", integer(), "", "from which all chance of the study comes"},
              {"created", text(), "", "when it began: UTC, ISO 8601"},
              {"objectives", list(a("Objective")), "", "in the job's order"},
              {"constraints", list(text()), "", "as the job writes them"},
              {"strategy", or_null(text()), "", "the search strategy's name"},
          }};
}

Record objective() {
  return {"Objective",
          "A recorded value that the search makes small or large.",
          {
              {"name", text(), "", "of the value"},
              {"direction", direction(), "", "which way is better"},
          }};
}

Record quantity_facts() {
  return {"QuantityFacts",
          "What is declared of a recorded value.",
          {
              {"name", text(), "", "as in a trial's values"},
              {"unit", text(), "", "\"ms\", \"MB\"; empty for a number or a share"},
              {"better", direction(), "", "which way is better"},
              {"sentence", text(), "", "what it is"},
          }};
}

std::vector<Field> in_page(std::vector<Field> fields) {
  for (auto& field : fields) field.in = only_page;
  return fields;
}

Record trial() {
  Record record{
      "Trial",
      "One evaluated choice.",
      {
          {"id", integer(), "", "from 0, in the order they were proposed"},
          {"state", state(), "", "where it stands"},
          {"stage", integer(), "", "the stage it is in or ended in, from 0"},
          {"epochs", integer(), "", "to be trained in total by the end of this stage"},
          {.name = "choice", .type = map(any()), .sentence = "a value for each active parameter", .in = only_json},
          {"values", map(or_null(number())), "", "of the latest result"},
          {"known", map(or_null(number())), "", "known before training"},
          {"reason", text(), "", "why it failed, was pruned or was rejected"},
          {"front", truth(), "", "whether it is on the Pareto front"},
          {"rank", or_null(integer()), "", "from 1"},
          {"contribution", or_null(number()), "", "share of the front's hypervolume that no other trial covers"},
          {"feasible", truth(), "", "whether it keeps all constraints"},
          {"violated", or_null(text()), "", "the first constraint that it breaks, in words"},
          {"results", list(a("StageResult")), "", "one a stage"},
          {.name = "curve", .type = list(a("CurvePoint")), .sentence = "one point an epoch", .in = only_json},
      }};
  for (auto& field : in_page({
           {"choice", map(scalar()), "", "a value for each active parameter"},
           {"trained", integer(), "", "epochs in total, those of a stage that did not end included"},
       }))
    record.fields.push_back(std::move(field));
  return record;
}

Record stage_result() {
  return {"StageResult",
          "What came of one stage.",
          {
              {"stage", integer(), "", "from 0"},
              {"epochs", integer(), "", "trained in total when it ended"},
              {"best_epoch", integer(), "", "whose weights were exported"},
              {"values", map(or_null(number())), "", "all that was recorded, by name"},
              {"measurement", or_null(a("Measurement")), "", "null when nothing was measured"},
              {"details", a("Details"), "", "what else is known of it"},
              {"artifacts", list(a("Artifact")), "", "files that the trial left in the study's folder"},
              {"train_s", or_null(number()), "s", "training, waits for other workers' measurements included"},
              {"measure_s", or_null(number()), "s", "measuring"},
              {"export_s", or_null(number()), "s", "writing and checking the ONNX file"},
              {"overhead_s", or_null(number()), "s", "all other time"},
              {"finished", text(), "", "UTC, ISO 8601"},
          }};
}

/// As `device::Measurement`, which this folder does not know: a test holds them together.
Record measurement() {
  Record record{"Measurement",
                "One model, measured on a device: latencies of one inference at batch 1.",
                {
                    {"latency_ms", number(), "ms", "median"},
                    {"p90_ms", number(), "ms", "90th percentile"},
                    {"p99_ms", number(), "ms", "99th percentile"},
                    {"min_ms", number(), "ms", "the fastest run"},
                    {"spread_ms", number(), "ms", "median absolute deviation"},
                    {"runs", integer(), "", "timed runs"},
                    {"warmup_runs", integer(), "", "runs before them"},
                    {"load_ms", number(), "ms", "reading the file and making the session"},
                    {"peak_memory_bytes", integer(), "bytes", "growth of the agent's resident memory to its peak"},
                    {"model_bytes", integer(), "bytes", "the file's size"},
                    {"disturbed", truth(), "", "whether something else used the machine"},
                    {"disturbance", text(), "", "what told so"},
                    {"device", text(), "", "its name"},
                    {"processor", text(), "", "its model"},
                    {"provider", text(), "", "of the runtime"},
                    {"precision", text(), "", "of the numbers"},
                    {"runtime", text(), "", "with its version"},
                    {"threads", integer(), "", "of one inference"},
                    {"clock", text(), "", "governor and frequency where the system tells"},
                },
                true};
  for (auto& field : record.fields) field.is_optional = true;
  return record;
}

Record details() {
  Record record{"Details",
                "What else is known of a result.",
                {
                    {"model", text(), "", "path of the artifact \"onnx\""},
                    {"export_difference", number(), "", "largest difference of the file's outputs to the module's"},
                    {"threads", integer(), "", "that it was trained with"},
                    {"kept_waiting_s", number(), "s", "of training, while other workers measured"},
                    {"started_over", text(), "", "why what earlier stages trained was not continued"},
                    {"starting_weights", a("StartingWeights"), "", "what it began with instead of random weights"},
                    {"confusion", list(list(integer())), "", "rows are true classes, columns predicted ones"},
                    {"answered", text(), "", "where it was known from; it cost nothing here"},
                },
                true};
  for (auto& field : record.fields) field.is_optional = true;
  return record;
}

Record artifact() {
  return {"Artifact",
          "A file beside the study, as whoever made it recorded it.",
          {
              {"kind", text(), "", "\"onnx\""},
              {"path", text(), "", "below the study's folder"},
              {"sha256", or_null(text()), "", "of its content; null in studies of older programs"},
              {"bytes", or_null(integer()), "bytes", "its size; null in studies of older programs"},
          }};
}

Record starting_weights() {
  return {"StartingWeights",
          "How much of a network began with the weights of a file.",
          {
              {"file", text(), "", "its name"},
              {.name = "prefix",
               .type = text(),
               .sentence = "under which the names in the file stand",
               .is_optional = true},
              {"tensors", integer(), "", "taken from the file"},
              {"of_tensors", integer(), "", "of the network"},
              {"parameters", integer(), "", "taken from the file"},
              {"of_parameters", integer(), "", "of the network"},
          }};
}

Record curve_point() {
  return {"CurvePoint",
          "One epoch.",
          {
              {"stage", integer(), "", "from 0", false, only_json},
              {"epoch", integer(), "", "from 1, over all stages unless the trial restarted", false, only_json},
              {"train_loss", or_null(number()), "", "mean of the epoch; null when it was not finite", false, only_json},
              {"validation_loss", or_null(number()), "", "after the epoch", false, only_json},
              {"metrics", map(or_null(number())), "", "on validation, by name", false, only_json},
              {"seconds", or_null(number()), "s", "that it took", false, only_json},
              {"images_per_s", or_null(number()), "", "pictures trained in a second", false, only_json},
          }};
}

Record curve() {
  return {"Curve", "A learning curve by columns, one entry an epoch.",
          in_page({
              {"stage", list(integer()), "", "from 0"},
              {"epoch", list(integer()), "", "from 1, over all stages unless the trial restarted"},
              {"train_loss", list(or_null(number())), "", "mean of the epoch; null when it was not finite"},
              {"validation_loss", list(or_null(number())), "", "after the epoch"},
              {"metrics", map(list(or_null(number()))), "", "on validation, by name"},
          })};
}

Record pick() {
  return {"Pick",
          "A trial of the front with a name that `edgewise export --pick` knows.",
          {
              {"name", text(), "", "\"best:iou\", \"knee\", \"bend\", \"baseline\""},
              {"trial", integer(), "", "its number"},
              {"reason", text(), "", "why, in one line"},
          }};
}

Record cover() {
  return {"Cover",
          "The few trials that stand for a long front.",
          {
              {"trials", list(integer()), "", "in the front's order"},
              {"share", or_null(number()), "", "no trial of the front is better by more than this share of a range"},
          }};
}

Record data_facts() {
  return {"DataFacts",
          "What was said of the pictures when the study began.",
          {
              {"remarks", list(text()), "", "one line each"},
              {"account", or_null(a("Account")), "", "of all files; a built-in set has none"},
          }};
}

Record account() {
  return {"Account",
          "What became of every file below the data folder.",
          {
              {"pictures", a("Tally"), "", "of pictures"},
              {"labels", a("Tally"), "", "of label files"},
          }};
}

Record tally() {
  return {"Tally",
          "Files of one kind: found is used and all that were left out.",
          {
              {"found", integer(), "", "below the folder"},
              {"used", integer(), "", "of them"},
              {"left_out", map(a("LeftOut")), "", "by reason"},
          }};
}

Record left_out() {
  return {"LeftOut",
          "Files left out for one reason.",
          {
              {"count", integer(), "", "how many"},
              {"examples", list(text()), "", "some of them"},
          }};
}

}  // namespace

const std::vector<Record>& schema() {
  static const std::vector<Record> all{whole(),        study_facts(), objective(), quantity_facts(), trial(),
                                       stage_result(), measurement(), details(),   artifact(),       starting_weights(),
                                       curve_point(),  curve(),       pick(),      cover(),          data_facts(),
                                       account(),      tally(),       left_out()};
  return all;
}

const Record& record(std::string_view name) {
  const auto found = std::ranges::find(schema(), name, &Record::name);
  EDGEWISE_ASSERT(found != schema().end(), "records that are spoken of are declared");
  return *found;
}

}  // namespace edgewise::report
