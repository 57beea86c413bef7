#include <cstdio>

#include <nlohmann/json.hpp>

#include "moestro/data/catalogue.h"
#include "moestro/report/data_table.h"
#include "verb.h"

namespace moestro {

void add_data(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(app, "data", "which data sets are known and found, or what is in one",
                            "  moestro data\n"
                            "  moestro data fashion-mnist\n"
                            "  moestro data --data-root /mnt/sets");
  auto name = std::make_shared<std::string>();
  verb->add_option("NAME", *name, "one set: rows, classes, columns")->type_name("");
  add_data_root(*verb, common);
  verb->callback([name, &common] {
    if (name->empty())
      fmt::print("{}", catalogue_text(list_sets(common.data_root), stdout_rules()));
    else
      fmt::print("{}", description_text(describe_set(*name, common.data_root), stdout_rules()));
  });
}

}  // namespace moestro
