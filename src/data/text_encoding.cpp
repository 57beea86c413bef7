#include "moestro/data/text_encoding.h"

#include <algorithm>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace {

using Ids = std::vector<int64_t>;

struct Sentence {
  Ids ids;
  bool cut = false;
};

Sentence encode(const std::vector<std::string>& texts, const Tokenizer& tokenizer,
                int64_t longest) {
  std::vector<Ids> parts;
  auto tokens = static_cast<int64_t>(1 + texts.size());
  for (const std::string& text : texts) {
    parts.push_back(tokenizer.encode(text));
    tokens += static_cast<int64_t>(parts.back().size());
  }
  Sentence out;
  out.cut = tokens > longest;
  for (; tokens > longest; --tokens) {
    const auto most = std::max_element(
        parts.begin(), parts.end(), [](const Ids& a, const Ids& b) { return a.size() < b.size(); });
    if (most->empty()) break;
    most->pop_back();
  }
  out.ids = {Tokenizer::kBegin};
  for (const Ids& part : parts) {
    out.ids.insert(out.ids.end(), part.begin(), part.end());
    out.ids.push_back(Tokenizer::kEnd);
  }
  return out;
}

Tensor padded(const std::vector<Sentence>& sentences) {
  size_t longest = 1;
  for (const Sentence& sentence : sentences) longest = std::max(longest, sentence.ids.size());
  const auto width = static_cast<int64_t>(longest);
  Tensor ids_NT = at::full({static_cast<int64_t>(sentences.size()), width}, -1, at::kInt);
  auto* row = ids_NT.data_ptr<int32_t>();
  for (const Sentence& sentence : sentences) {
    std::transform(sentence.ids.begin(), sentence.ids.end(), row,
                   [](int64_t id) { return static_cast<int32_t>(id); });
    row += width;
  }
  return ids_NT;
}

struct Pair {
  Sentence source, target;
  bool cut() const { return source.cut || target.cut; }
};

}  // namespace

Dataset encode_texts(const TextRows& rows, const Tokenizer& tokenizer, int64_t longest,
                     const std::string& part, bool leave_out_long) {
  const bool pairs = rows.parallel;
  Dataset set;
  std::vector<Sentence> sources, targets;
  Ids kept;
  int64_t long_ones = 0;
  for (size_t row = 0; row < rows.texts.size(); ++row) {
    Pair pair;
    pair.source = encode(rows.texts[row], tokenizer, longest);
    if (pairs) pair.target = encode({rows.translations[row]}, tokenizer, longest);
    long_ones += pair.cut();
    if (leave_out_long && pair.cut()) continue;
    kept.push_back(static_cast<int64_t>(row));
    set.texts.push_back(joined(rows.texts[row], " | "));
    sources.push_back(std::move(pair.source));
    if (!pairs) continue;
    set.target_texts.push_back(rows.translations[row]);
    targets.push_back(std::move(pair.target));
  }
  if (kept.empty() && long_ones > 0)
    throw UserError("{}: every {} pair has more than data.longest = {} tokens", rows.name, part,
                    longest);
  if (long_ones > 0)
    log_info("{}: {} of {} {} {} have more than {} tokens (data.longest) and are {}", rows.name,
             long_ones, rows.rows(), part, pairs ? "pairs" : "texts", longest,
             leave_out_long ? "left out" : "cut");
  set.name = rows.name;
  set.vocabulary = tokenizer.vocabulary();
  set.inputs = padded(sources);
  set.classes = rows.classes;
  set.class_names = rows.class_names;
  if (pairs)
    set.targets_N = padded(targets);
  else if (rows.targets_N.defined())
    set.targets_N = rows.targets_N;
  return set;
}

}  // namespace moestro
