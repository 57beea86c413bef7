#include "stream_tasks.h"

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

fs::path file_in(const fs::path& run) {
  return run / "tasks.safetensors";
}

std::string tensor_name(size_t task) {
  return fmt::format("classes.{}", task);
}

// All but the vectors.
std::vector<StreamTask> described(const SafetensorsFile& file) {
  std::vector<StreamTask> tasks;
  try {
    for (const auto& json : nlohmann::json::parse(file.metadata().at("tasks")))
      tasks.push_back({.name = json.at("name"),
                       .class_names = json.at("classes"),
                       .longest = json.at("longest"),
                       .classes_CD = {}});
  } catch (const std::exception& error) {  // of JSON, or of a map without the key
    throw UserError("{}: damaged metadata: {}", file.path().string(), error.what());
  }
  return tasks;
}

}  // namespace

void write_stream_tasks(const fs::path& run, const std::vector<StreamTask>& tasks) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  NamedTensors vectors;
  for (size_t t = 0; t < tasks.size(); ++t) {
    json.push_back({{"name", tasks[t].name},
                    {"classes", tasks[t].class_names},
                    {"longest", tasks[t].longest}});
    vectors.emplace_back(tensor_name(t), tasks[t].classes_CD);
  }
  write_safetensors(
      file_in(run), vectors,
      {{"tasks", json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)}});
}

std::vector<StreamTask> read_stream_tasks(const fs::path& run, int64_t count, int64_t width) {
  std::error_code none;
  if (!fs::exists(file_in(run), none))
    throw UserError("{}: no such file; expected what a stream that is learned leaves there",
                    file_in(run).string());
  const SafetensorsFile file(file_in(run));
  std::vector<StreamTask> tasks = described(file);
  if (std::ssize(tasks) != count)
    throw UserError("{}: {} tasks; expected the {} that were learned", file.path().string(),
                    tasks.size(), count);
  for (size_t t = 0; t < tasks.size(); ++t) {
    const std::string name = tensor_name(t);
    const Shape expected = {tasks[t].classes(), width};
    if (file.shape(name) != expected || file.dtype(name) != at::kFloat)
      throw UserError("{}: tensor \"{}\" is {} [{}]; expected Float [{}]", file.path().string(),
                      name, at::toString(file.dtype(name)), shape_text(file.shape(name)),
                      shape_text(expected));
    tasks[t].classes_CD = file.tensor(name).clone();
  }
  return tasks;
}

}  // namespace moestro
