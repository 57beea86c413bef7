// Texts as word pieces, by sentencepiece.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace moestro {

// Whether Moestro was built with sentencepiece. Without it, train() and load() throw UserError with
// the package to install.
bool has_tokenizer();

class Tokenizer {
 public:
  static constexpr int64_t kUnknown = 0, kBegin = 1, kEnd = 2;

  // Pieces by byte-pair encoding (Sennrich et al. 2016): every character of the texts, and the
  // pairs that are met most often. The same texts give the same pieces. Throws UserError where the
  // texts are too few for so many pieces, or have more characters than that.
  static std::shared_ptr<const Tokenizer> train(const std::vector<std::string>& texts,
                                                int64_t vocabulary);

  // A .model file of sentencepiece, or its bytes (`where` stands for the file in messages). Throws
  // UserError for anything else, and for other ids of the unknown, begin and end pieces.
  static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& path);
  static std::shared_ptr<const Tokenizer> from_model(std::string model, const std::string& where);

  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  const std::string& model() const { return model_; }  // the bytes of a .model file
  int64_t vocabulary() const;                          // ids are 0 to vocabulary() - 1

  // Without begin and end; U+2585, which sentencepiece keeps for itself, is a blank. Any number of
  // threads may encode and decode at once.
  std::vector<int64_t> encode(const std::string& text) const;
  // Begin and end say nothing; of an unknown piece " ⁇ " is left.
  std::string decode(const std::vector<int64_t>& ids) const;
  std::string piece(int64_t id) const;

 private:
  struct Processor;

  explicit Tokenizer(std::string model);

  std::string model_;
  std::unique_ptr<Processor> processor_;
};

}  // namespace moestro
