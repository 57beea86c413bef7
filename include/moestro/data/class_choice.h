// Some of a set's classes: the rows of the others are left out, before any split.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moestro {

struct Dataset;
struct TextRows;

struct ClassChoice {
  std::vector<int64_t> kept;       // their numbers in the set's files, in the order of the new ones
  std::vector<std::string> names;  // of every class of the files, kept or not

  // Of data.classes, each text a number, "7", or a range, "0-59"; none for an empty list. Throws
  // UserError for another text, a class that is there twice, and fewer than two classes.
  static std::optional<ClassChoice> parse(const std::vector<std::string>& texts);

  // Takes the names of the training rows' classes, then as apply(). Throws UserError where the
  // targets are no classes, or have no class of a number that is kept.
  void choose(Dataset& train);
  void choose(TextRows& train);

  // Keeps the rows of the classes that are kept, and numbers and names these anew. The rows have
  // targets, of all classes of the files; throws UserError where none is left.
  void apply(Dataset& rows) const;
  void apply(TextRows& rows) const;

  std::vector<std::string> kept_names() const;

  bool operator==(const ClassChoice&) const = default;
};

}  // namespace moestro
