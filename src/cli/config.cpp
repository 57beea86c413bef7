#include <cstdio>

#include "moestro/study/recipe.h"
#include "verb.h"

namespace moestro {
namespace {

constexpr const char* kIntroduction =
    "# Every key of a recipe\n\n"
    "Made by `moestro config --markdown`; `make docs` writes it again. A recipe is a TOML file; "
    "keys\n"
    "that it leaves out have their default. An unknown key, and a key that has no effect beside "
    "the\n"
    "others, is an error.\n";

void print_plain(const Schema& schema) {
  for (const Section& section : schema.sections()) {
    fmt::print("\n[{}]  {}\n", section.name(), section.meaning());
    for (const Field& field : section.fields()) {
      const std::string allowed = field.allowed().empty() ? "" : ", " + field.allowed();
      fmt::print("  {} = {}  ({}{})\n      {}\n", field.key(), field.default_text(), field.type(),
                 allowed, field.meaning());
    }
  }
}

}  // namespace

void add_config(CLI::App& app, CommonFlags&) {
  CLI::App* verb = add_verb(app, "config", "every key of a recipe: type, default, range, meaning",
                            "  moestro config\n"
                            "  moestro config --markdown > docs/configuration.md");
  auto markdown = std::make_shared<bool>(false);
  verb->add_flag("--markdown", *markdown, "as the page docs/configuration.md");
  verb->callback([markdown] {
    const StudyDocument document;
    if (*markdown)
      fmt::print("{}{}", kIntroduction, document.schema.to_markdown());
    else
      print_plain(document.schema);
  });
}

}  // namespace moestro
