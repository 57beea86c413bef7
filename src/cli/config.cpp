#include <cstdio>

#include "moestro/lifecycle/continual_recipe.h"
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

constexpr const char* kStreams =
    "\n# Recipes of `moestro continual`\n\n"
    "They have these sections and [train] (without epochs, patience and average; by default adamw "
    "with a\n"
    "cosine schedule and a warm-up of .1), and no others.\n";

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
    ContinualRecipe continual;
    Schema stream;
    describe_stream(stream, continual);
    if (*markdown) {
      fmt::print("{}{}{}{}", kIntroduction, document.schema.to_markdown(), kStreams,
                 stream.to_markdown());
    } else {
      print_plain(document.schema);
      print_plain(stream);
    }
  });
}

}  // namespace moestro
