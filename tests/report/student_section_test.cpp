#include "moestro/report/student_section.h"

#include <regex>

#include <gtest/gtest.h>

#include "moestro/report/compare_page.h"
#include "moestro/report/finding.h"
#include "moestro/report/run_page.h"
#include "report/page_parts.h"
#include "report/run_fixture.h"
#include "report/student_fixture.h"
#include "report/well_formed.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::count;
using testing::has;
using testing::MadeUpStudent;
using testing::xml_fault;

RunRecord made(const MadeUpStudent& run) {
  testing::TemporaryFolder folder;
  testing::write_student_run(folder / "student", run);
  return read_run(folder / "student");
}

TEST(StudentSection, says_what_was_folded_and_what_it_learned_from) {
  const std::string html = student_section(made({}));
  EXPECT_EQ(xml_fault(html), "");
  EXPECT_TRUE(has(html, "<h2>Folded from a mixture</h2>"));
  EXPECT_TRUE(has(html, "<code>runs/&lt;mix&gt;</code> in 1.7 s."));
  EXPECT_TRUE(has(html,
                  "The four experts of each mixture layer became one dense layer: of their "
                  "hidden units the strongest, by the weights into them, stand side by side. "
                  "Gates were dropped, and all the rest was copied. One factor then"));
  EXPECT_TRUE(has(html,
                  "It then learned for three epochs from the labels (weight 0.25) and from "
                  "the mixture&#39;s answers (weight 0.75, both softened by a temperature of "
                  "2)."));
  EXPECT_TRUE(has(html, "768,900 parameters in place of 1,537,800: 50.0\u00A0% of them."));
}

TEST(StudentSection, shows_the_error_before_along_and_at_the_end) {
  const std::string html = student_section(made({}));
  EXPECT_TRUE(has(html, "as folded</th><td>768,900</td><td>43.21 %</td><td>1.9</td>"));
  EXPECT_TRUE(has(html, "the mixture</th><td>1,537,800</td><td>9.21 %</td><td>0.27</td>"));
  EXPECT_TRUE(has(html, "as trained</th><td>768,900</td><td>9.87 %</td><td>0.3</td>"));
  EXPECT_TRUE(has(html, ">Validation error<"));
  EXPECT_TRUE(has(html, "<i class=\"soft dashed\"></i>the mixture</li>"));
  EXPECT_TRUE(has(html, "<i class=\"faint dashed\"></i>as folded</li>"));
}

TEST(StudentSection, of_a_student_that_was_folded_only_has_no_empty_curves) {
  for (const char* gather : {"topk", "svd", "best", "average"}) {
    const RunRecord run = made({.gather = gather, .epochs = 0});
    const std::string page = run_page(run);
    EXPECT_EQ(xml_fault(page), "");
    EXPECT_TRUE(has(page, "It was not trained since."));
    EXPECT_FALSE(has(page, ">as trained<"));
    EXPECT_FALSE(has(page, "How it trained"));
    EXPECT_FALSE(has(page, "<polyline"));
    EXPECT_TRUE(has(page, "<dt>Folding</dt>"));
    EXPECT_FALSE(has(page, "<dt>Training</dt>"));
    EXPECT_FALSE(std::regex_search(page, std::regex("[^a-z](nan|inf)[^a-z]")));
  }
  EXPECT_EQ(finding(made({.epochs = 0})),
            "A dense Vision Transformer folded from mixture layers of four experts and not trained "
            "since: test error 9.87 %.");
}

TEST(StudentSection, without_validation_rows_speaks_of_training_rows) {
  const std::string html = student_section(made({.validation = false}));
  EXPECT_EQ(xml_fault(html), "");
  EXPECT_TRUE(has(html, "nothing is held out"));
  EXPECT_FALSE(has(html, "alidation error"));
  EXPECT_FALSE(has(html, ">as trained<"));
}

TEST(StudentSection, maps_strength_and_energy_by_layer_and_expert) {
  const std::string units = student_section(made({}));
  EXPECT_TRUE(has(units, "<title>encoder.3, expert 2: 24 units, 28.0 %</title>"));
  const std::string matrices = student_section(made({.gather = "svd"}));
  EXPECT_TRUE(has(matrices, "Energy kept of up.weight"));
  EXPECT_TRUE(has(matrices, "<title>encoder.1, expert 3: 12 directions, 62.5 %</title>"));
  EXPECT_TRUE(has(matrices, "brought into one order"));
  const std::string network = student_section(made({.gather = "svd", .layers = 0}));
  EXPECT_TRUE(has(network, "Energy kept of each matrix"));
  EXPECT_TRUE(has(network, "<title>down.weight, expert 0: 12 directions, 50.0 %</title>"));
}

TEST(StudentSection, holds_many_layers_and_experts) {
  const std::string html = student_section(made({.gather = "svd", .layers = 24, .experts = 64}));
  EXPECT_EQ(xml_fault(html), "");
  EXPECT_TRUE(has(html, "<summary>All 24 layers</summary>"));
  EXPECT_EQ(count(html, "<figure"), 3u);
}

TEST(StudentSection, of_a_control_says_what_it_has_of_the_mixture) {
  const std::string taught = student_section(made({.gather = "none"}));
  EXPECT_EQ(xml_fault(taught), "");
  EXPECT_TRUE(has(taught, "<h2>Taught by a mixture</h2>"));
  EXPECT_TRUE(has(taught, "as drawn"));
  EXPECT_FALSE(has(taught, "as folded"));
  EXPECT_TRUE(has(student_section(made({.gather = "random_init"})), "new weights were drawn"));
  EXPECT_EQ(finding(made({.gather = "none", .layers = 0})),
            "A dense network taught by a mixture: test error 9.87 %.");
}

TEST(StudentSection, is_absent_without_a_teacher_and_before_the_summary) {
  testing::TemporaryFolder folder;
  testing::write_run(folder / "run");
  EXPECT_EQ(student_section(read_run(folder / "run")), "");
  RunRecord run = made({});
  run.summary.reset();
  EXPECT_EQ(student_section(run), "");
  EXPECT_TRUE(finding(run).starts_with("A dense Vision Transformer folded from a mixture,"));
}

TEST(StudentSection, of_runs_compared_begins_where_they_were_folded) {
  testing::TemporaryFolder folder;
  testing::write_student_run(folder / "distilled");
  testing::write_student_run(folder / "folded", {.epochs = 0});
  const RunRecord distilled = read_run(folder / "distilled"), folded = read_run(folder / "folded");
  const std::string page = compare_page("runs", {distilled, folded});
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "<h2>Folded from mixtures</h2>"));
  EXPECT_TRUE(has(page, "<title>distilled, as folded: 43.2 %</title>"));
  EXPECT_FALSE(has(page, "<title>folded, at the end"));
  EXPECT_EQ(count(page, "</i>folded</li>"), 1u);  // in the key of the validation errors alone
  const std::string alone = compare_page("runs", {folded, folded});
  EXPECT_EQ(xml_fault(alone), "");
  EXPECT_FALSE(has(alone, "How they trained"));
}

}  // namespace
}  // namespace moestro
