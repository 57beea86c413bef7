#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/densify.h"
#include "moestro/lifecycle/speed_of_runs.h"
#include "moestro/lifecycle/train_run.h"
#include "moestro/report/run_table.h"
#include "moestro/report/speed_text.h"
#include "moestro/report/write_report.h"
#include "moestro/store/file.h"
#include "verb.h"

namespace moestro {
namespace {

struct DensifyFlags {
  DensifyOptions options;
  std::string run, out;
  std::vector<std::string> assignments;
  int64_t epochs = -1;
  bool align = false, resume = false, force = false;
  std::map<std::string, std::string> said;  // key -> the flag that said it
};

// What flags stand for.
constexpr std::pair<const char*, const char*> kFlagsAndKeys[] = {
    {"--gather", "student.gather"},  {"--align", "student.align"},
    {"--student", "expert.layers"},  {"--student", "model.expert_hidden"},
    {"--epochs", "train.epochs"},    {"--distillation", "loss.distillation"},
    {"--distillation", "loss.task"}, {"--temperature", "loss.distillation_temperature"}};

void check_said_once(const DensifyFlags& flags) {
  for (const std::string& text : flags.assignments) {
    const std::string key = text.substr(0, text.find('='));
    if (const auto said = flags.said.find(key); said != flags.said.end())
      throw UserError("--set {} beside {}; expected one of them", text, said->second);
  }
}

void apply(Schema& schema, const DensifyFlags& flags, const CommonFlags& common) {
  if (flags.align) schema.set("student.align=true", "--align");
  if (flags.epochs >= 0) schema.set(fmt::format("train.epochs={}", flags.epochs), "--epochs");
  if (flags.epochs == 0) schema.set("train.average=", "--epochs");
  for (const auto& [text, origin] : assignments_of(flags.assignments, common))
    schema.set(text, origin);
}

// A student that is only folded learns from nobody, whatever a flag says of it.
void check_learns(const RecipeDocument& document) {
  if (document.recipe.train.epochs > 0) return;
  for (const char* key : {"loss.distillation", "loss.distillation_temperature", "loss.task"})
    if (const std::string& origin = document.schema.find(key).origin(); origin.starts_with("--"))
      throw UserError(
          "{}: {} has no effect here; it is used where train.epochs is above 0, and that is 0",
          origin, key);
}

// Without a slash at its end; a folder that goes by no name ("." or "..") by its whole path.
std::filesystem::path named(const std::filesystem::path& given) {
  const std::filesystem::path run = (given / "").lexically_normal().parent_path();
  const bool has_name = !run.empty() && run.filename() != "." && run.filename() != "..";
  return has_name ? run : std::filesystem::weakly_canonical(std::filesystem::absolute(given));
}

void densify(DensifyFlags flags, const CommonFlags& common) {
  check_said_once(flags);
  const std::filesystem::path run = flags.options.run = named(flags.run);
  RecipeDocument document;
  write_student_recipe(flags.options, document);
  apply(document.schema, flags, common);
  check_learns(document);
  const std::string& teacher = document.recipe.student.teacher;
  if (teacher != run)
    throw UserError("{} = \"{}\"; expected no other teacher than {}",
                    document.schema.where("student.teacher"), teacher, run.string());
  RunOptions options{.out = flags.out,
                     .data_root = common.data_root,
                     .resume = flags.resume,
                     .force = flags.force};
  if (flags.out.empty()) options.out = run.string() + "-student";
  const auto mixture = read_run(run);
  train_run(document, options);
  const std::filesystem::path page = write_report(options.out);
  if (common.json) {
    fmt::print("{}", read_file(options.out / "summary.json"));
    return;
  }
  fmt::print("{}\n", run_table({mixture, read_run(options.out)}, stdout_rules()));
  log_info("report: {}", page.string());
  if (const std::string why = why_no_speed(document.recipe); !why.empty()) {
    log_info("no speeds: {}", why);
    return;
  }
  const SpeedsOfRuns speeds = speeds_of_runs({.run = run.string(),
                                              .beside = options.out.string(),
                                              .data = "",
                                              .data_root = common.data_root,
                                              .device = common.device,
                                              .threads = common.threads});
  fmt::print("{}", speed_text(speeds, stdout_rules()));
}

}  // namespace

void add_densify(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(
      app, "densify", "fold a trained mixture into one dense network, and let it learn from it",
      "  moestro densify runs/fashion-mnist\n"
      "  moestro densify runs/vit --gather svd --align --epochs 10 --out runs/vit-dense\n"
      "  moestro densify runs/vit --epochs 0                 folded only\n"
      "  moestro densify runs/vit --set student.fit=linear   any key of a recipe\n"
      "  moestro export runs/vit-student --out vit.onnx      for other programs");
  auto flags = std::make_shared<DensifyFlags>();
  add_argument(*verb, "RUN", flags->run, "the folder of a finished run of a mixture");
  verb->add_option("--gather", flags->options.gather,
                   "how experts become one layer: `moestro config` explains student.gather")
      ->check(CLI::IsMember({"topk", "svd", "sum", "average", "concat", "best", "random-expert",
                             "random-init", "none"}))
      ->capture_default_str()
      ->type_name("NAME");
  verb->add_flag("--align", flags->align,
                 "bring hidden units into one order before (sum, average, svd)");
  verb->add_option("--student", flags->options.width,
                   "width of the gathered layers: an expert's, or so many hidden units (of whole "
                   "networks: with one hidden layer)")
      ->capture_default_str()
      ->type_name("expert|WIDTH");
  verb->add_option("--epochs", flags->epochs,
                   "passes over the training rows; 0: folded only (default: as the mixture had)")
      ->check(at_least(0))
      ->type_name("N");
  verb->add_option("--distillation", flags->options.distillation,
                   "a of the loss (1 - a) task + a T^2 KL(mixture || student) (default: 0.25)")
      ->check(CLI::Range(0., 1.))
      ->type_name("A");
  verb->add_option("--temperature", flags->options.temperature, "T (default: 1)")
      ->check(CLI::Range(1e-3, 1e3))
      ->type_name("T");
  add_set(*verb, flags->assignments, "change a key of the student's recipe: train.rate=0.0003");
  verb->add_option("--out", flags->out, "run folder (default: RUN-student)")->type_name("DIR");
  verb->add_flag("--resume", flags->resume, "go on with the run in that folder");
  verb->add_flag("--force", flags->force, "replace the run in that folder")->excludes("--resume");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([flags, verb, &common] {
    DensifyFlags own = *flags;
    std::ranges::replace(own.options.gather, '-', '_');
    for (const auto& [flag, key] : kFlagsAndKeys)
      if (verb->count(flag) > 0) own.said[key] = flag;
    densify(std::move(own), common);
  });
}

}  // namespace moestro
