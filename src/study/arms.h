// The arms of a study: what they are called in its folder, which of them needs which.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "moestro/core/field.h"

namespace moestro {

class Arms {
 public:
  // file: of the study, for messages. Throws UserError for no arms, two that would share a folder,
  // braces that name none of them, and arms that need each other in a circle.
  Arms(const NamedLists& assignments, std::string file);

  const std::vector<std::string>& names() const { return names_; }     // as in the file
  const std::vector<std::string>& in_order() const { return order_; }  // behind those it needs
  // The arms that stand in braces in an arm's assignments.
  const std::vector<std::string>& needs(const std::string& arm) const { return needs_.at(arm); }
  // Throws UserError that begins with `where`.
  void check_there(const std::string& arm, const std::string& where) const;

  // Of an arm, with {NAME} replaced by what `folder_of` says of that arm.
  std::vector<std::string> assignments(
      const std::string& arm,
      const std::function<std::string(const std::string&)>& folder_of) const;

 private:
  const std::vector<std::string>& raw_assignments(const std::string& arm) const;
  void check_names() const;
  void find_needs(const std::string& arm);
  void order(const std::string& arm, std::vector<std::string> path);

  NamedLists assignments_;
  std::string file_;
  std::vector<std::string> names_, order_;
  std::map<std::string, std::vector<std::string>> needs_;
};

// The folder of a run: ARM-SEED, without what is awkward in a path.
std::string run_name(const std::string& arm, int64_t seed);

}  // namespace moestro
