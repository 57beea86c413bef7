#include "moestro/data/tokenizer.h"

#include "has_sentencepiece.h"
#include "moestro/core/error.h"
#include "moestro/data/input_file.h"

#if MOESTRO_HAS_SENTENCEPIECE

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

namespace moestro {
namespace {

namespace spm = sentencepiece;

// Bytes; longer ones would be passed over.
constexpr const char* kLongestText = "1073741824";

// sentencepiece marks what it does not know by U+2585 and leaves out of training, without a word,
// every text that has the character itself: to us it is a blank, here and when a text is encoded.
constexpr std::string_view kReserved = "\xe2\x96\x85";

std::string without_reserved(const std::string& text) {
  std::string out;
  size_t at = 0;
  for (size_t found; (found = text.find(kReserved, at)) != text.npos; at = found + kReserved.size())
    out.append(text, at, found - at).append(1, ' ');
  return out.append(text, at);
}

class Texts : public spm::SentenceIterator {
 public:
  explicit Texts(const std::vector<std::string>& texts) : texts_(texts) { take(); }
  bool done() const override { return at_ == texts_.size(); }
  void Next() override {
    ++at_;
    take();
  }
  const std::string& value() const override { return text_; }
  spm::util::Status status() const override { return {}; }

 private:
  void take() {
    if (!done()) text_ = without_reserved(texts_[at_]);
  }

  const std::vector<std::string>& texts_;
  size_t at_ = 0;
  std::string text_;
};

// The number behind `words` in what sentencepiece says, which has no other form.
std::string number_behind(const std::string& said, const std::string& words) {
  const size_t at = said.find(words);
  if (at == said.npos) return "";
  const size_t begin = at + words.size();
  return said.substr(begin, said.find_first_not_of("0123456789", begin) - begin);
}

[[noreturn]] void fail_training(const std::string& said, int64_t vocabulary) {
  const std::string most = number_behind(said, "to a value <= ");
  if (!most.empty())
    throw UserError(
        "data.vocabulary = {}; expected at most {}: the training texts give no more "
        "word pieces",
        vocabulary, most);
  const std::string least = number_behind(said, " vs ");
  if (!least.empty())
    throw UserError(
        "data.vocabulary = {}; expected at least {}: every character of the training texts is a "
        "word piece of its own",
        vocabulary, least);
  throw UserError("data.vocabulary = {}: sentencepiece finds no word pieces: {}", vocabulary, said);
}

std::string train_model(const std::vector<std::string>& texts, int64_t vocabulary) {
  Texts sentences(texts);
  std::string model;
  const spm::util::Status status =
      spm::SentencePieceTrainer::Train({{"model_type", "bpe"},
                                        {"vocab_size", fmt::format("{}", vocabulary)},
                                        {"character_coverage", "1"},
                                        {"max_sentence_length", kLongestText},
                                        {"num_threads", "1"},
                                        {"minloglevel", "2"}},
                                       &sentences, &model);
  if (!status.ok()) fail_training(status.ToString(), vocabulary);
  return model;
}

}  // namespace

struct Tokenizer::Processor {
  spm::SentencePieceProcessor pieces;
};

Tokenizer::Tokenizer(std::string model)
    : model_(std::move(model)), processor_(std::make_unique<Processor>()) {}

Tokenizer::~Tokenizer() = default;

bool has_tokenizer() {
  return true;
}

std::shared_ptr<const Tokenizer> Tokenizer::train(const std::vector<std::string>& texts,
                                                  int64_t vocabulary) {
  MOESTRO_CHECK(!texts.empty());
  return from_model(train_model(texts, vocabulary), "the tokenizer trained");
}

std::shared_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path& path) {
  return from_model(InputFile(path).read_rest(), path.string());
}

std::shared_ptr<const Tokenizer> Tokenizer::from_model(std::string model,
                                                       const std::string& where) {
  const std::shared_ptr<Tokenizer> out(new Tokenizer(std::move(model)));
  spm::SentencePieceProcessor& pieces = out->processor_->pieces;
  if (out->model_.empty() || !pieces.LoadFromSerializedProto(out->model_).ok() ||
      pieces.GetPieceSize() == 0)
    throw UserError("{}: not a model of sentencepiece", where);
  if (pieces.unk_id() != kUnknown || pieces.bos_id() != kBegin || pieces.eos_id() != kEnd)
    throw UserError(
        "{}: its unknown, begin and end pieces have the ids {}, {}, {}; expected {}, {}, {}, as "
        "sentencepiece makes them",
        where, pieces.unk_id(), pieces.bos_id(), pieces.eos_id(), kUnknown, kBegin, kEnd);
  return out;
}

int64_t Tokenizer::vocabulary() const {
  return processor_->pieces.GetPieceSize();
}

std::vector<int64_t> Tokenizer::encode(const std::string& text) const {
  std::vector<int> ids;
  const spm::util::Status status = processor_->pieces.Encode(without_reserved(text), &ids);
  MOESTRO_CHECK(status.ok(), "{}", status.ToString());
  return {ids.begin(), ids.end()};
}

std::string Tokenizer::decode(const std::vector<int64_t>& ids) const {
  std::vector<int> narrow;
  for (const int64_t id : ids) {
    MOESTRO_CHECK(id >= 0 && id < vocabulary(), "{}", id);
    narrow.push_back(static_cast<int>(id));
  }
  std::string text;
  const spm::util::Status status = processor_->pieces.Decode(narrow, &text);
  MOESTRO_CHECK(status.ok(), "{}", status.ToString());
  return text;
}

std::string Tokenizer::piece(int64_t id) const {
  MOESTRO_CHECK(id >= 0 && id < vocabulary(), "{}", id);
  return processor_->pieces.IdToPiece(static_cast<int>(id));
}

}  // namespace moestro

#else

namespace moestro {
namespace {

[[noreturn]] void fail() {
  throw UserError(
      "texts need sentencepiece, and this build of Moestro is without it: install "
      "libsentencepiece-dev and build again");
}

}  // namespace

struct Tokenizer::Processor {};

Tokenizer::Tokenizer(std::string model) : model_(std::move(model)) {}

Tokenizer::~Tokenizer() = default;

bool has_tokenizer() {
  return false;
}

std::shared_ptr<const Tokenizer> Tokenizer::train(const std::vector<std::string>&, int64_t) {
  fail();
}

std::shared_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path&) {
  fail();
}

std::shared_ptr<const Tokenizer> Tokenizer::from_model(std::string, const std::string&) {
  fail();
}

int64_t Tokenizer::vocabulary() const {
  fail();
}

std::vector<int64_t> Tokenizer::encode(const std::string&) const {
  fail();
}

std::string Tokenizer::decode(const std::vector<int64_t>&) const {
  fail();
}

std::string Tokenizer::piece(int64_t) const {
  fail();
}

}  // namespace moestro

#endif
