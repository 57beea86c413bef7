#include "stream_rows.h"

#include "moestro/core/error.h"
#include "moestro/data/source.h"
#include "moestro/data/text_file.h"
#include "stream_readers.h"

namespace moestro {
namespace {

StreamRows read_texts(const StreamConfig& stream, const PretrainedEncoder& encoder,
                      const std::string& path, const std::filesystem::path& data_root) {
  if (!data_root.empty())
    throw UserError(
        "--data-root: a stream's texts are a file; expected it with a stream of images only");
  if (!is_named_as_text(path))
    throw UserError("{}: expected a text a line, in a file whose name ends in .txt or .txt.gz",
                    path);
  const std::vector<std::string> texts = read_lines(path, "utf-8");
  if (texts.empty()) throw UserError("{}: no lines; expected one text a line", path);
  const auto reader = std::make_shared<TextReader>(stream, encoder);
  return {std::ssize(texts), [texts, reader](const Tensor& rows_M, int64_t longest) {
            std::vector<std::string> some;
            const auto* rows = rows_M.const_data_ptr<int64_t>();
            for (int64_t i = 0; i < rows_M.numel(); ++i) some.push_back(texts[rows[i]]);
            return std::make_shared<TextInputs>(reader->ids(some, longest));
          }};
}

StreamRows read_images(const ImageEncoder& encoder, const std::string& what,
                       const std::filesystem::path& data_root) {
  const Tensor pixels_NCHW = load_new_images(what, data_root);
  return {pixels_NCHW.size(0),
          [what, pixels_NCHW, reader = ImageReader(encoder)](const Tensor& rows_M, int64_t) {
            return reader.inputs(pixels_NCHW.index_select(0, rows_M), what);
          }};
}

}  // namespace

StreamRows read_stream_rows(const StreamConfig& stream, const StreamEncoder& encoder,
                            const std::string& what, const std::filesystem::path& data_root) {
  if (encoder.texts) return read_texts(stream, *encoder.texts, what, data_root);
  return read_images(*encoder.images, what, data_root);
}

}  // namespace moestro
