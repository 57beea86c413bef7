#include "moestro/report/compare_page.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "report/page_parts.h"
#include "report/run_fixture.h"
#include "report/well_formed.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::has;
using testing::MadeUpRun;
using testing::xml_fault;

class ComparePage : public ::testing::Test {
 protected:
  void add(const std::string& name, const MadeUpRun& run) {
    testing::write_run(folder_ / name, run);
    runs_.push_back(read_run(folder_ / name));
  }
  std::string page() const { return compare_page("demo", runs_); }
  static MadeUpRun with_error(double error) {
    MadeUpRun run;
    run.error = error;
    return run;
  }

  testing::TemporaryFolder folder_;
  std::vector<RunRecord> runs_;
};

TEST_F(ComparePage, names_the_best_and_links_every_run) {
  add("attentive", with_error(.0987));
  add("original", with_error(.11));
  MadeUpRun one = with_error(.149);
  one.experts = 1;
  add("one expert", one);
  EXPECT_EQ(xml_fault(page()), "");
  EXPECT_TRUE(has(page(), "Three runs: attentive has the lowest test error, 9.87\u00A0%."));
  EXPECT_TRUE(has(page(), "<a href=\"attentive/report.html\">attentive</a>"));
  EXPECT_TRUE(has(page(), "<a href=\"one%20expert/report.html\">one expert</a>"));
  EXPECT_TRUE(has(page(), "<td class=\"best\">9.87 %</td>"));
  EXPECT_TRUE(has(page(), "Validation error"));
  EXPECT_TRUE(has(page(), "</i>original</li>"));
}

TEST_F(ComparePage, of_classes_and_values_ranks_nothing) {
  add("classes", with_error(.1));
  MadeUpRun values = with_error(2.3);
  values.regression = true;
  add("values", values);
  EXPECT_EQ(xml_fault(page()), "");
  EXPECT_FALSE(has(page(), "lowest"));
  EXPECT_FALSE(has(page(), "class=\"best\""));
  EXPECT_FALSE(has(page(), "Validation error"));
  EXPECT_TRUE(has(page(), "Training loss"));
}

TEST_F(ComparePage, of_unfinished_runs_shows_their_curves) {
  MadeUpRun running;
  running.status = "running";
  add("a", running);
  running.epochs = 0;
  add("b", running);
  EXPECT_EQ(xml_fault(page()), "");
  EXPECT_TRUE(has(page(), "Two runs."));
  EXPECT_TRUE(has(page(), "Validation error"));
}

TEST_F(ComparePage, tells_more_than_ten_runs_apart_by_dashes) {
  for (int i = 0; i < 12; ++i) add(fmt::format("run-{:02}", i), with_error(.1 + .01 * i));
  EXPECT_EQ(xml_fault(page()), "");
  EXPECT_TRUE(has(page(), "<i class=\"c9\"></i>run-09</li>"));
  EXPECT_TRUE(has(page(), "<i class=\"c0 dashed\"></i>run-10</li>"));
}

TEST_F(ComparePage, says_how_far_runs_on_the_same_rows_split_alike) {
  add("a", {});
  add("b", {});
  MadeUpRun turned;
  turned.turned = 200;
  add("c", turned);
  EXPECT_EQ(xml_fault(page()), "");
  EXPECT_TRUE(has(page(), "Do the runs split alike?"));
  EXPECT_TRUE(has(page(), "<title>a and b: 1.000</title>"));
  // Of 500 rows 200 went from expert e to e + 1; by scikit-learn .578.
  EXPECT_TRUE(has(page(), "<title>a and c: 0.578</title>"));
  EXPECT_TRUE(has(page(), "splits of the 500 test rows"));
  EXPECT_TRUE(has(page(), "Mean of the pairs: 0.72."));
}

TEST_F(ComparePage, lets_no_name_become_markup) {
  add("<i>&", {});
  EXPECT_EQ(xml_fault(page()), "");
  EXPECT_TRUE(has(page(), "<a href=\"%3Ci%3E%26/report.html\">&lt;i&gt;&amp;</a>"));
}

}  // namespace
}  // namespace moestro
