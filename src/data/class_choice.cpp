#include "moestro/data/class_choice.h"

#include <algorithm>
#include <charconv>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/data/dataset.h"
#include "moestro/data/text_rows.h"

namespace moestro {
namespace {

constexpr int64_t kMostClasses = 1'000'000;  // no file has more, and a range is written out

std::optional<int64_t> class_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.front() == '-') return {};
  return number < kMostClasses ? std::optional(number) : std::nullopt;
}

void add_classes(const std::string& text, size_t place, std::vector<int64_t>& kept) {
  const size_t dash = text.find('-');
  const std::optional<int64_t> first = class_number(std::string_view(text).substr(0, dash));
  const std::optional<int64_t> last =
      dash == text.npos ? first : class_number(std::string_view(text).substr(dash + 1));
  if (!first || !last || *first > *last)
    throw UserError(
        "data.classes[{}] = \"{}\"; expected a class by its number, \"7\", or a range, \"0-59\"",
        place, text);
  for (int64_t c = *first; c <= *last; ++c) kept.push_back(c);
}

void refuse_twice(std::vector<int64_t> kept) {
  std::ranges::sort(kept);
  const auto twice = std::ranges::adjacent_find(kept);
  if (twice != kept.end())
    throw UserError("data.classes: class {} is there twice; expected every class once", *twice);
}

const char* kind_of(const Dataset& rows) {
  return rows.is_translation() ? "translations" : "values";
}

const char* kind_of(const TextRows& rows) {
  return rows.parallel ? "translations" : "values";
}

template <class Rows>
void take_names(const Rows& train, ClassChoice& choice) {
  if (train.classes == 0)
    throw UserError("data.classes: the targets of {} are {}; expected classes", train.name,
                    kind_of(train));
  const int64_t highest = *std::ranges::max_element(choice.kept);
  if (highest >= train.classes)
    throw UserError("data.classes: class {}; expected numbers from 0 to {}, the classes of {}",
                    highest, train.classes - 1, train.name);
  choice.names = train.class_names;
}

template <class Rows>
void keep(const ClassChoice& choice, Rows& rows) {
  MOESTRO_CHECK(rows.targets_N.defined() && rows.classes == std::ssize(choice.names));
  Tensor number_C = at::full({rows.classes}, -1, at::kLong);
  number_C.index_copy_(0, at::tensor(choice.kept, at::kLong),
                       at::arange(std::ssize(choice.kept), at::kLong));
  const Tensor number_N = number_C.index_select(0, rows.targets_N);
  const Tensor kept_M = at::nonzero(number_N.ge(0)).squeeze(1);
  if (kept_M.numel() == 0)
    throw UserError("{}: no row is of the {} classes that data.classes keeps", rows.name,
                    choice.kept.size());
  rows = select_rows(rows, kept_M);
  rows.targets_N = number_N.index_select(0, kept_M);
  rows.classes = std::ssize(choice.kept);
  rows.class_names = choice.kept_names();
}

}  // namespace

std::optional<ClassChoice> ClassChoice::parse(const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  ClassChoice choice;
  for (size_t i = 0; i < texts.size(); ++i) add_classes(texts[i], i, choice.kept);
  refuse_twice(choice.kept);
  if (choice.kept.size() < 2)
    throw UserError("data.classes = [\"{}\"]: one class; expected at least 2",
                    joined(texts, "\", \""));
  return choice;
}

void ClassChoice::choose(Dataset& train) {
  take_names(train, *this);
  apply(train);
}

void ClassChoice::choose(TextRows& train) {
  take_names(train, *this);
  apply(train);
}

void ClassChoice::apply(Dataset& rows) const {
  keep(*this, rows);
}

void ClassChoice::apply(TextRows& rows) const {
  keep(*this, rows);
}

std::vector<std::string> ClassChoice::kept_names() const {
  std::vector<std::string> out;
  for (const int64_t c : kept) out.push_back(names[static_cast<size_t>(c)]);
  return out;
}

}  // namespace moestro
