#include "stream_encoder.h"

#include "moestro/core/error.h"
#include "moestro/core/schema_peek.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/store/digest.h"
#include "moestro/store/hugging_face.h"
#include "moestro/store/run_folder.h"
#include "moestro/train/checkpoint.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

std::string digest_of_folder(const fs::path& folder) {
  std::string digests;
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json", "vocab.txt"}) {
    std::error_code none;
    if (fs::exists(folder / name, none)) digests += sha256_of_file(folder / name);
  }
  return sha256_hex(digests);
}

// Of the weights that were chosen among its checkpoints, not of the files that hold them.
std::string digest_of_run(const TrainedRun& run) {
  Sha256 sha;
  for (const fs::path& path : {run.folder().recipe_path(), run.folder().path() / "data.json"})
    sha.update(sha256_of_file(path));
  for (const auto& [name, tensor] : model_tensors(run.model())) {
    sha.update(name);
    const Tensor plain = tensor.detach().contiguous();
    sha.update({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
  }
  return sha.hex();
}

void refuse(const std::string& key, const std::string& value, const char* kind) {
  throw UserError("stream.{} = {} has no effect: the encoder reads {}", key, value, kind);
}

StreamEncoder open_run(const StreamConfig& stream, c10::Device device, c10::ScalarType precision) {
  const RunFolder folder = RunFolder::open(stream.encoder);
  const std::string where = fmt::format("stream.encoder = \"{}\"", stream.encoder);
  if (const std::string kind = text_at(folder.recipe_path(), "model.kind"); kind != "vit")
    throw UserError("{}: its model.kind is \"{}\"; expected \"vit\"", where,
                    kind.empty() ? "mixture" : kind);
  folder.check_finished(where);
  const StreamConfig unset;
  if (stream.longest != unset.longest) refuse("longest", std::to_string(stream.longest), "images");
  if (!stream.reference.empty()) refuse("reference", "\"" + stream.reference + "\"", "images");

  const auto run = std::make_shared<TrainedRun>(stream.encoder, "cpu", /*threads=*/0);
  StreamEncoder opened;
  opened.digest = digest_of_run(*run);
  const std::shared_ptr<const Classifier> vit(run, dynamic_cast<const Classifier*>(&run->model()));
  MOESTRO_CHECK(vit, "{}: no classifier", where);
  opened.images = std::make_shared<ImageEncoder>(vit, run->data().normaliser, device, precision);
  return opened;
}

}  // namespace

std::shared_ptr<const FrozenEncoder> StreamEncoder::encoder() const {
  if (texts) return texts;
  return images;
}

StreamEncoder open_stream_encoder(const StreamConfig& stream, c10::Device device,
                                  c10::ScalarType precision) {
  if (is_run_folder(stream.encoder)) return open_run(stream, device, precision);
  if (!is_hugging_face_folder(stream.encoder))
    throw UserError(
        "stream.encoder = \"{}\": neither a Hugging Face folder nor a run; expected config.json "
        "and model.safetensors in it, or the folder of a finished run with model.kind = \"vit\"",
        stream.encoder);
  if (stream.support != StreamConfig().support)
    refuse("support", std::to_string(stream.support), "texts");
  StreamEncoder opened;
  opened.texts =
      std::make_shared<PretrainedEncoder>(HuggingFaceFolder(stream.encoder), device, precision);
  opened.digest = digest_of_folder(stream.encoder);
  return opened;
}

void check_same_encoder(const StreamEncoder& encoder, const std::string& digest,
                        const StreamConfig& stream, const fs::path& run) {
  if (encoder.digest != digest)
    throw UserError(
        "{}: the encoder is not the one that the run was begun with; expected the same in {}",
        run.string(), stream.encoder);
}

}  // namespace moestro
