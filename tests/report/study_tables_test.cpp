#include "moestro/report/study_tables.h"

#include <cmath>

#include <gtest/gtest.h>

#include "moestro/report/study_page.h"
#include "report/well_formed.h"

namespace moestro {
namespace {

StudyRow row(const std::string& arm, int64_t seed, double error) {
  return {arm, seed, {{"parameters", 12345}, {"test.error", error}}, "cpu", "2026-01-02", "0.1.0"};
}

// Three arms, three seeds: "better" always lower by about .02, "same" by nothing but noise.
Analysis analysis() {
  StudyPlan plan;
  plan.name = "toy <1>";
  plan.study.seeds = 3;
  plan.study.columns = {"parameters"};
  plan.study.primary = {"better", "base"};
  plan.study.baseline = "base";
  for (const char* arm : {"base", "better", "same & so"}) plan.study.arms.push_back({arm, {}});
  plan.runs.resize(9);
  std::vector<StudyRow> rows;
  const double noise[] = {.001, -.0012, .0004};
  for (int64_t seed = 0; seed < 3; ++seed) {
    const double error = .1 + .01 * static_cast<double>(seed);
    rows.push_back(row("base", seed, error));
    rows.push_back(row("better", seed, error - .02 + noise[seed]));
    rows.push_back(row("same & so", seed, error + noise[seed]));
  }
  return analyse(plan, rows);
}

TEST(StudyTables, show_mean_and_standard_error_of_every_arm) {
  const StudyTable table = arms_table(analysis());
  EXPECT_EQ(table.headings, (std::vector<std::string>{"arm", "seeds", "test error", "parameters"}));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"base", "3", "0.1100 ± 0.0058", "12,345"}));
}

TEST(StudyTables, give_what_pairs_of_seeds_share_no_standard_error) {
  EXPECT_EQ(mean_text("split_agreement", mean_of({.5, .7})), "0.60");
  Analysis made = analysis();
  EXPECT_EQ(provenance(made).find("AMI"), std::string::npos);
  made.column_names = {"split_agreement"};
  EXPECT_NE(provenance(made).find("AMI: mean over the pairs of seeds"), std::string::npos);
}

TEST(StudyTables, show_whole_numbers_whole) {
  EXPECT_EQ(mean_text("steps", mean_of({2340, 2340})), "2340 ± 0");
  EXPECT_EQ(figure_name("steps"), "steps");
  EXPECT_EQ(mean_text("merges", mean_of({420, 420})), "420.0 ± 0.0");
}

TEST(StudyTables, say_in_words_what_a_comparison_found) {
  const Analysis made = analysis();
  EXPECT_EQ(primary_table(made).rows[0].front(), "better - base");
  EXPECT_EQ(primary_table(made).rows[0].back(), "lower (better)");
  EXPECT_EQ(others_table(made).rows[0].back(), "within noise");
  Analysis adjusted = made;
  adjusted.others[0].paired = adjusted.primary[0].paired;
  adjusted.others[0].holm_p = .2;
  EXPECT_EQ(others_table(adjusted).rows[0].back(), "within noise once adjusted");
  EXPECT_TRUE(primary_sentence(made).starts_with(
      "The test error of better is lower than that of base: -0.0199 (95 % interval "))
      << primary_sentence(made);
}

TEST(StudyTables, a_higher_metric_may_be_the_better_one) {
  Analysis made = analysis();
  made.lower_is_better = false;
  EXPECT_EQ(primary_table(made).rows[0].back(), "lower (worse)");
}

TEST(StudyTables, one_seed_compares_nothing) {
  Analysis made = analysis();
  made.primary[0].paired = paired_difference({.5});
  EXPECT_EQ(primary_sentence(made), "Too few seeds to compare better with base.");
  EXPECT_EQ(primary_table(made).rows[0][3], "–");
}

TEST(StudyTables, markdown_has_as_many_cells_in_every_row) {
  std::istringstream lines(study_markdown(analysis()));
  int64_t tables = 0;
  size_t bars = 0;
  for (std::string line; std::getline(lines, line);) {
    const size_t here = std::count(line.begin(), line.end(), '|');
    if (here == 0) continue;
    if (line.starts_with("|---")) ++tables;
    if (line.starts_with("| arm") || line.starts_with("| difference")) bars = here;
    EXPECT_EQ(here, bars) << line;
  }
  EXPECT_EQ(tables, 3);
}

TEST(StudyPage, is_well_formed_and_names_every_arm) {
  const std::string page = study_page(analysis());
  EXPECT_EQ(testing::xml_fault(page), "");
  for (const char* text : {"toy &lt;1&gt;", "same &amp; so", "within noise", "lower (better)"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST(StudyPage, of_a_single_arm_has_no_comparison) {
  Analysis made = analysis();
  made.primary.clear();
  made.others.clear();
  const std::string page = study_page(made);
  EXPECT_EQ(page.find("The primary comparison"), std::string::npos);
  EXPECT_EQ(page.find("class=\"finding\""), std::string::npos);
  EXPECT_EQ(testing::xml_fault(page), "");
}

}  // namespace
}  // namespace moestro
