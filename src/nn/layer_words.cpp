#include "layer_words.h"

#include <charconv>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace {

struct Form {
  LayerKind kind;
  std::string name;
  std::vector<std::string> positions, options;
  std::string text;
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {LayerKind::conv,
       "conv",
       {"CHANNELS", "KERNEL"},
       {"pad", "stride", "bias"},
       "conv CHANNELS KERNEL [pad=0] [stride=1] [bias=true]"},
      {LayerKind::linear, "linear", {"WIDTH"}, {"bias"}, "linear WIDTH [bias=true]"},
      {LayerKind::relu, "relu", {}, {}, "relu"},
      {LayerKind::gelu, "gelu", {}, {}, "gelu"},
      {LayerKind::tanh, "tanh", {}, {}, "tanh"},
      {LayerKind::sigmoid, "sigmoid", {}, {}, "sigmoid"},
      {LayerKind::maxpool, "maxpool", {"SIZE"}, {}, "maxpool SIZE"},
      {LayerKind::avgpool, "avgpool", {"SIZE"}, {}, "avgpool SIZE"},
      {LayerKind::batchnorm, "batchnorm", {}, {"eval"}, "batchnorm [eval=running]"},
      {LayerKind::flatten, "flatten", {}, {}, "flatten"},
      {LayerKind::dropout, "dropout", {"P"}, {}, "dropout P"},
      {LayerKind::embed, "embed", {"WIDTH"}, {}, "embed WIDTH"},
  };
  return all;
}

std::vector<std::string> words_of(const std::string& text) {
  const char* const blanks = " \t\n\r";
  std::vector<std::string> words;
  for (size_t begin = text.find_first_not_of(blanks); begin != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(blanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(blanks, end);
  }
  return words;
}

const Form& form_of(const std::string& name) {
  std::vector<std::string> names;
  for (const Form& form : forms()) {
    if (form.name == name) return form;
    names.push_back(form.name);
  }
  throw UserError("unknown layer \"{}\"{}; expected one of {}", name, suggestion(name, names),
                  joined(names));
}

LayerWords::Option option_of(const std::string& word, const Form& form,
                             const std::vector<LayerWords::Option>& seen) {
  const size_t equals = word.find('=');
  LayerWords::Option option{word.substr(0, equals), word.substr(equals + 1)};
  if (std::ranges::find(form.options, option.name) == form.options.end())
    throw UserError("unknown option \"{}\"{}; expected \"{}\"", option.name,
                    suggestion(option.name, form.options), form.text);
  for (const LayerWords::Option& other : seen)
    if (other.name == option.name) throw UserError("option \"{}\" twice", option.name);
  return option;
}

template <typename T>
std::optional<T> number(std::string_view word) {
  T value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

LayerWords split_layer(const std::string& text) {
  const std::vector<std::string> words = words_of(text);
  if (words.empty()) throw UserError("no layer; expected one such as \"linear 64\"");
  const Form& form = form_of(words.front());
  LayerWords layer{form.kind, form.positions, {}, {}};
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i].find('=') != std::string::npos)
      layer.options.push_back(option_of(words[i], form, layer.options));
    else
      layer.values.push_back(words[i]);
  }
  if (layer.values.size() < form.positions.size())
    throw UserError("{} is missing; expected \"{}\"", form.positions[layer.values.size()],
                    form.text);
  if (layer.values.size() > form.positions.size())
    throw UserError("\"{}\" is too much; expected \"{}\"", layer.values[form.positions.size()],
                    form.text);
  return layer;
}

std::string with_first_value(const std::string& layer, const std::string& value) {
  std::vector<std::string> words = words_of(layer);
  const auto is_option = [](const std::string& word) { return word.find('=') != word.npos; };
  const auto first = std::find_if_not(words.begin() + 1, words.end(), is_option);
  MOESTRO_CHECK(first != words.end(), "{}", layer);
  *first = value;
  return joined(words, " ");
}

std::optional<int64_t> whole_number(std::string_view word) {
  return number<int64_t>(word);
}

std::optional<double> real_number(std::string_view word) {
  return number<double>(word);
}

}  // namespace moestro
