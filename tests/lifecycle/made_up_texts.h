// Made-up texts and recipes of Transformers for whole runs, as files.
#pragma once

#include <sstream>

#include "lifecycle/made_up.h"

namespace moestro::testing {

using Words = std::vector<std::string>;

inline const Words kFillers = {"the", "film", "was", "a", "plot", "and", "its", "music"};
inline const Words kPraise = {"great", "fine", "lovely"}, kBlame = {"dull", "poor", "awful"};

inline const std::string& drawn(const Words& words, std::mt19937_64& bits) {
  return words[static_cast<size_t>(bits() % words.size())];
}

// "text<tab>label": one word among others says whether it is pos or neg.
inline std::string reviews_tsv(int rows, uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::string text;
  for (int n = 0; n < rows; ++n) {
    Words words(3 + bits() % 6);
    for (std::string& word : words) word = drawn(kFillers, bits);
    words[bits() % words.size()] = drawn(n % 2 ? kPraise : kBlame, bits);
    for (size_t i = 0; i < words.size(); ++i) text += (i ? " " : "") + words[i];
    text += n % 2 ? "\tpos\n" : "\tneg\n";
  }
  return text;
}

// "text<tab>value": 100, and 2.5 for each "very" of the text.
inline std::string scores_tsv(int rows, uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::string text;
  for (int n = 0; n < rows; ++n) {
    Words words(6);
    for (std::string& word : words) word = drawn(kFillers, bits);
    const int count = n % 4;
    for (int i = 0; i < count; ++i) words[static_cast<size_t>(i) * 2] = "very";
    for (const std::string& word : words) text += word + " ";
    text += fmt::format("\t{}\n", 100 + 2.5 * count);
  }
  return text;
}

// What a sentence of the language "aa" is in "bb", word by word.
inline std::string translated(const std::string& sentence) {
  static const Words from = {"ba", "de", "ki", "lo", "mu", "na", "po", "ri"},
                     to = {"ein", "zwo", "tre", "vir", "fem", "sek", "sep", "okt"};
  std::istringstream words(sentence);
  std::string out;
  for (std::string word; words >> word;)
    for (size_t i = 0; i < from.size(); ++i)
      if (word == from[i]) out += (out.empty() ? "" : " ") + to[i];
  return out;
}

inline std::vector<std::string> sentences(int rows, uint64_t seed) {
  static const Words words = {"ba", "de", "ki", "lo", "mu", "na", "po", "ri"};
  std::mt19937_64 bits(seed);
  std::vector<std::string> lines(static_cast<size_t>(rows));
  for (std::string& line : lines) {
    const size_t count = 3 + bits() % 4;
    for (size_t i = 0; i < count; ++i) line += (i ? " " : "") + drawn(words, bits);
  }
  return lines;
}

// PREFIX.SOURCE and PREFIX.TARGET, pairs of sentences.
inline void put_pairs(const std::filesystem::path& prefix, int rows, uint64_t seed,
                      const std::string& source = "aa", const std::string& target = "bb") {
  std::string left, right;
  for (const std::string& line : sentences(rows, seed)) {
    left += line + "\n";
    right += translated(line) + "\n";
  }
  put(prefix.string() + "." + source, left);
  put(prefix.string() + "." + target, right);
}

inline std::string small_transformer(const std::string& kind) {
  return fmt::format(
      "[model]\n"
      "kind = \"{}\"\n"
      "width = 16\n"
      "heads = 2\n"
      "depth = 1\n"
      "hidden = 32\n"
      "dropout = 0.1\n"
      "[expert]\n"
      "count = 1\n"
      "[gate]\n"
      "kind = \"fixed\"\n"
      "[train]\n"
      "epochs = 6\n"
      "rate = 0.01\n"
      "threads = 1\n"
      "device = \"cpu\"\n",
      kind);
}

// For train.tsv and test.tsv of reviews, in the folder of the recipe.
inline std::string reviews_recipe(const std::filesystem::path& folder) {
  return fmt::format(
             "[data]\n"
             "path = \"{0}/train.tsv\"\n"
             "test_path = \"{0}/test.tsv\"\n"
             "format = \"tsv\"\n"
             "vocabulary = 64\n"
             "longest = 24\n"
             "batch = 16\n",
             folder.string()) +
         small_transformer("encoder");
}

// For the images of put_images.
inline std::string vit_recipe(const std::filesystem::path& folder) {
  return fmt::format("[data]\npath = \"{}/set\"\nformat = \"idx\"\nbatch = 16\n", folder.string()) +
         small_transformer("vit");
}

// For train, val and test of put_pairs.
inline std::string pairs_recipe(const std::filesystem::path& folder) {
  return fmt::format(
             "[data]\n"
             "path = \"{0}/train\"\n"
             "valid_path = \"{0}/val\"\n"
             "test_path = \"{0}/test\"\n"
             "format = \"parallel\"\n"
             "languages = [\"aa\", \"bb\"]\n"
             "vocabulary = 55\n"
             "longest = 20\n"
             "tokens = 250\n",
             folder.string()) +
         small_transformer("translator");
}

// With which the translator learns that language in about a second; without, hardly anything.
inline Words until_it_is_learned() {
  return {"model.width=32",   "model.dropout=0",  "model.beam=2",
          "train.epochs=20",  "train.beta2=0.98", "train.schedule=inverse_sqrt",
          "train.warmup=0.1", "train.rate=0.015"};
}

// Three experts in the place of every feed-forward layer, two of them for each decision.
inline Words with_mixture_layers() {
  return {"expert.count=3", "gate.kind=noisy_topk", "gate.k=2", "model.expert_hidden=16",
          "loss.switch_balance=0.01"};
}

}  // namespace moestro::testing
