#include "moestro/data/task_file.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"
#include "moestro/core/schema_keys.h"
#include "moestro/core/suggest.h"
#include "moestro/data/cell.h"
#include "moestro/data/text_set.h"
#include "moestro/store/digest.h"
#include "task_error.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

void refuse_keys_without_effect(const Schema& schema) {
  for (const char* name : {"batch", "tokens", "tokenizer", "vocabulary", "label_noise", "augment",
                           "mean", "deviation"})
    if (const std::string key = fmt::format("data.{}", name); schema.is_set(key))
      throw UserError("{} has no effect in the file of a task", schema.where(key));
}

void check_prompts(const std::vector<TaskFile::Prompt>& prompts) {
  std::map<std::string_view, const std::string*> labels;
  for (const TaskFile::Prompt& prompt : prompts) {
    const std::string_view text = trimmed(prompt.text);
    if (text.empty()) throw UserError("{} = \"\"; expected what describes the class", prompt.where);
    const auto [other, is_new] = labels.emplace(text, &prompt.label);
    if (!is_new)
      throw UserError(
          "{} = \"{}\" is the prompt of {}, too: a class described twice; expected a prompt of "
          "its own for every label",
          prompt.where, text, *other->second);
  }
}

void refuse_other_data(const DataConfig& data) {
  if (!holds_texts(data))
    throw UserError("{} holds no texts; expected a set of texts (`moestro data`), or data.path{}",
                    data.path.empty() ? data.name : data.path,
                    data.format == "csv" ? " with the columns that are texts in data.text" : "");
  if (!data.path.empty() && data.format == "ids")
    throw UserError("data.format = \"ids\": {} holds ids of tokens; expected texts", data.path);
}

void check_rows(const TextRows& rows) {
  if (rows.parallel)
    throw UserError("{} holds translations; expected texts with labels", rows.name);
  if (rows.classes == 0)
    throw UserError("the targets of {} are values; expected classes", rows.name);
  if (const size_t texts = rows.texts.at(0).size(); texts != 1)
    throw UserError("{} has {} texts in a row; expected one", rows.name, texts);
}

std::vector<std::string> prompts_of(const TaskFile& file, const TextRows& rows) {
  const std::vector<std::string>& labels = rows.class_names;
  for (const TaskFile::Prompt& prompt : file.prompts)
    if (std::ranges::find(labels, prompt.label) == labels.end())
      throw UserError("{}: {} has no such label; expected {}{}", prompt.where, rows.name,
                      joined(labels), suggestion(prompt.label, labels));
  std::vector<std::string> out;
  for (const std::string& label : labels) {
    const auto prompt = std::ranges::find(file.prompts, label, &TaskFile::Prompt::label);
    if (prompt == file.prompts.end())
      throw UserError(
          "{}: [prompts] has no text for label \"{}\" of {}; expected one for each of {}",
          file.path.string(), label, rows.name, joined(labels));
    out.emplace_back(trimmed(prompt->text));
  }
  return out;
}

LabelledTexts labelled(const TextRows& rows) {
  LabelledTexts out;
  out.targets_N = rows.targets_N;
  for (const std::vector<std::string>& row : rows.texts) out.texts.push_back(row[0]);
  return out;
}

TextFileSet read_data(const DataConfig& data, const fs::path& root) {
  refuse_other_data(data);
  std::optional<ClassChoice> choice = ClassChoice::parse(data.classes);
  TextFileSet files = read_text_files(data, root, choice);
  check_rows(files.train);
  return files;
}

}  // namespace

TaskFile read_task_file(const fs::path& path) {
  TaskFile file;
  file.path = path;
  file.name = path.stem().string();
  for (std::string& label : section_keys(path, "prompts"))
    file.prompts.push_back({std::move(label), "", ""});
  Schema schema;
  schema.section("task", "What the task is called.")
      .field("name", file.name, "the task's name; the file's where not said");
  Section& prompts = schema.section("prompts", "What describes each label.");
  for (TaskFile::Prompt& prompt : file.prompts)
    prompts.field(prompt.label, prompt.text, "what describes this label");
  describe(schema, file.data);
  schema.parse_file(path);
  schema.check_effects();
  refuse_keys_without_effect(schema);
  for (TaskFile::Prompt& prompt : file.prompts)
    prompt.where = schema.where("prompts." + prompt.label);
  check_prompts(file.prompts);
  if (trimmed(file.name).empty())
    throw UserError("{} = \"\"; expected a name", schema.where("task.name"));
  if (schema.is_set("data.longest")) file.longest = file.data.longest;
  return file;
}

std::string_view LabelledTexts::content(int64_t row) const {
  return trimmed(texts[static_cast<size_t>(row)]);
}

LabelledTexts select_rows(const LabelledTexts& from, const Tensor& rows_M) {
  LabelledTexts out;
  out.targets_N = from.targets_N.index_select(0, rows_M);
  const auto* rows = rows_M.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < rows_M.numel(); ++i)
    out.texts.push_back(from.texts[static_cast<size_t>(rows[i])]);
  return out;
}

std::string TextTask::digest() const {
  Sha256 sha;
  const auto add = [&](const std::vector<std::string>& texts) {
    sha.update(fmt::format("{}\n", texts.size()));
    for (const std::string& text : texts) sha.update(fmt::format("{} {}\n", text.size(), text));
  };
  add({name, std::to_string(longest)});
  add(class_names);
  add(prompts);
  for (const LabelledTexts* part : {&train, &valid, &test}) {
    add(part->texts);
    const Tensor targets_N = part->targets_N.contiguous();
    const auto bytes = static_cast<size_t>(targets_N.nbytes());
    sha.update({static_cast<const char*>(targets_N.const_data_ptr()), bytes});
  }
  return sha.hex();
}

TextTask read_text_task(const TaskFile& file, const fs::path& root, uint64_t seed) {
  TextFileSet files = with_task_file(file.path, [&] { return read_data(file.data, root); });
  TextTask task;
  task.name = file.name;
  task.class_names = files.train.class_names;
  task.prompts = prompts_of(file, files.train);
  task.longest = file.longest;
  const TextParts parts =
      with_task_file(file.path, [&] { return split_texts(file.data, std::move(files), seed); });
  task.train = labelled(parts.train);
  task.valid = labelled(parts.valid);
  task.test = labelled(parts.test);
  return task;
}

}  // namespace moestro
