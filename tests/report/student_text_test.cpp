#include "moestro/report/student_text.h"

#include <sstream>

#include <gtest/gtest.h>

#include "moestro/report/escape.h"
#include "report/student_fixture.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::MadeUpStudent;

std::string text_of(const MadeUpStudent& made, Rules rules = Rules::none) {
  testing::TemporaryFolder folder;
  testing::write_student_run(folder / "run", made);
  return student_text(read_run(folder / "run"), rules);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(StudentText, says_how_both_did_and_what_was_kept_of_each_expert) {
  const std::string text = text_of({});
  EXPECT_TRUE(text.starts_with("Folded from the mixture runs/<mix> in 1.7 s. The four experts"));
  EXPECT_TRUE(has(text,
                  "\n\n"
                  "             parameters  validation error  validation loss\n"
                  "the mixture   1,537,800            9.21 %             0.27\n"
                  "as folded       768,900           43.21 %              1.9\n"
                  "as trained      768,900            9.87 %              0.3\n"
                  "\nWhat was kept, layer by layer\n"
                  "layer      units kept  strength  scale  residual\n"
                  "encoder.1     24 each    28.0 %   0.25    12.5 %\n"));
  EXPECT_TRUE(has(text,
                  "\n\nWhat was kept of each expert\n"
                  "expert                   0   1   2   3\n"
                  "encoder.1: units        24  24  24  24\n"
                  "encoder.1: strength, %  28  28  28  28\n"));
}

TEST(StudentText, of_singular_directions_has_ranks_and_likeness) {
  const std::string text = text_of({.gather = "svd", .layers = 0});
  EXPECT_TRUE(has(text, "alike before"));
  EXPECT_TRUE(has(text, "\nup.weight: rank         12  12  12  12\n"));
  EXPECT_TRUE(has(text, "\ndown.weight: energy, %  50  50  50  50\n"));
}

TEST(StudentText, without_validation_rows_says_so) {
  EXPECT_TRUE(has(text_of({.validation = false}), "nothing is held out."));
  EXPECT_FALSE(has(text_of({}), "held"));
}

TEST(StudentText, of_one_that_was_only_taught_has_no_tables_of_layers) {
  const std::string text = text_of({.gather = "none"});
  EXPECT_TRUE(text.starts_with("Taught by the mixture runs/<mix>. All its weights were drawn"));
  EXPECT_TRUE(has(text, "as drawn"));
  EXPECT_FALSE(has(text, "kept"));
}

TEST(StudentText, fits_a_terminal_of_eighty_columns) {
  for (const char* gather : {"topk", "svd", "best", "average"})
    for (const int64_t layers : {0, 24})
      for (const int64_t experts : {4, 64})
        for (const Rules rules : {Rules::none, Rules::lines}) {
          std::istringstream lines(
              text_of({.gather = gather, .layers = layers, .experts = experts}, rules));
          for (std::string line; std::getline(lines, line);)
            EXPECT_LE(display_width(line), 80) << line;
        }
}

}  // namespace
}  // namespace moestro
