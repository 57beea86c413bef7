#include "moestro/report/run_table.h"

#include <gtest/gtest.h>

#include "moestro/report/escape.h"
#include "report/run_fixture.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::MadeUpRun;

class RunTable : public ::testing::Test {
 protected:
  RunRecord made(const std::string& name, const MadeUpRun& run) {
    testing::write_run(folder_ / name, run);
    return read_run(folder_ / name);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(RunTable, has_a_row_a_run_and_dashes_for_what_is_not_known) {
  MadeUpRun one, running;
  one.experts = 1;
  running.status = "running";
  EXPECT_EQ(run_table({made("attentive", {}), made("one-expert", one), made("second", running)},
                      Rules::none),
            "arm         test error  I(E;Y)   H_s   H_u  experts used  parameters  seconds\n"
            "attentive       9.87 %    2.20  0.10  2.30        5 of 5     768,900     61.2\n"
            "one-expert      9.87 %       –     –     –             1     768,900     61.2\n"
            "second               –       –     –     –        – of 5           –        –\n");
}

TEST_F(RunTable, of_a_demonstration_fits_eighty_columns) {
  const std::string table = run_table({made("attentive", {})}, Rules::lines);
  EXPECT_LE(display_width(table.substr(0, table.find('\n'))), 80);
}

TEST_F(RunTable, is_followed_by_what_the_experts_own) {
  const RunRecord run = made("attentive", {});
  const std::string text = run_text(run, Rules::none);
  EXPECT_TRUE(text.starts_with("Five experts, all in use"));
  EXPECT_NE(text.find("Trouser"), std::string::npos);
  const std::string several = runs_text({run, run}, "runs/demo/report.html", Rules::none);
  EXPECT_NE(several.find("attentive: what each expert learned\n"), std::string::npos);
  EXPECT_TRUE(several.ends_with("\nreport: runs/demo/report.html\n"));
}

}  // namespace
}  // namespace moestro
