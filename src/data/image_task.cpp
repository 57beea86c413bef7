#include "moestro/data/image_task.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/data/source.h"
#include "moestro/data/text_set.h"
#include "moestro/store/digest.h"
#include "task_error.h"

namespace moestro {
namespace {

std::string name_of(const DataConfig& data) {
  return data.path.empty() ? data.name : data.path;
}

void check_file(const TaskFile& file) {
  if (!file.prompts.empty())
    throw UserError(
        "{} has no effect: classes of images are compared with images; expected no [prompts]",
        file.prompts.front().where);
  if (holds_texts(file.data))
    throw UserError("{}: {} holds texts; expected a set of images (`moestro data`), or data.path",
                    file.path.string(), name_of(file.data));
}

DataSource read_data(const DataConfig& data, const std::filesystem::path& root, uint64_t seed) {
  DataSource source = load_data(data, root, seed);
  if (!source.train.is_image() || source.train.inputs.dim() != 4)
    throw UserError("{} holds no images; expected unsigned bytes [N, C, H, W]", name_of(data));
  if (source.train.classes == 0)
    throw UserError("the targets of {} are values; expected classes", name_of(data));
  return source;
}

LabelledImages labelled(const Dataset& rows) {
  return {rows.inputs.contiguous(), rows.targets_N};
}

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())};
}

}  // namespace

std::string_view LabelledImages::content(int64_t row) const {
  const auto bytes = static_cast<size_t>(pixels_NCHW.numel() / pixels_NCHW.size(0));
  return bytes_of(pixels_NCHW).substr(static_cast<size_t>(row) * bytes, bytes);
}

LabelledImages select_rows(const LabelledImages& from, const Tensor& rows_M) {
  return {from.pixels_NCHW.index_select(0, rows_M), from.targets_N.index_select(0, rows_M)};
}

std::string ImageTask::digest() const {
  Sha256 sha;
  const auto add_text = [&](const std::string& text) {
    sha.update(fmt::format("{} {}\n", text.size(), text));
  };
  const auto add_tensor = [&](const Tensor& tensor) {
    sha.update(shape_text(tensor.sizes().vec()) + "\n");
    sha.update(bytes_of(tensor.contiguous()));
  };
  add_text(name);
  for (const std::string& class_name : class_names) add_text(class_name);
  for (const LabelledImages* part : {&train, &valid, &test, &support}) {
    add_tensor(part->pixels_NCHW);
    add_tensor(part->targets_N);
  }
  return sha.hex();
}

ImageTask read_image_task(const TaskFile& file, const std::filesystem::path& root, uint64_t seed) {
  check_file(file);
  const DataSource source =
      with_task_file(file.path, [&] { return read_data(file.data, root, seed); });
  return {.name = file.name,
          .class_names = source.train.class_names,
          .train = labelled(source.train),
          .valid = labelled(source.valid),
          .test = labelled(source.test),
          .support = select_rows(labelled(source.train), at::empty({0}, at::kLong))};
}

}  // namespace moestro
