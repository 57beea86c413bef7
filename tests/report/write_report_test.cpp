#include "moestro/report/write_report.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "report/run_fixture.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::TemporaryFolder;

TEST(WriteReport, of_a_run_writes_its_page) {
  TemporaryFolder folder;
  testing::write_run(folder / "attentive");
  EXPECT_EQ(write_report(folder / "attentive"), folder / "attentive" / "report.html");
  EXPECT_NE(testing::get(folder / "attentive" / "report.html").find("Five experts"),
            std::string::npos);
}

TEST(WriteReport, is_the_same_when_made_again) {
  TemporaryFolder folder;
  testing::write_run(folder / "attentive");
  const std::string first = testing::get(write_report(folder / "attentive"));
  EXPECT_EQ(testing::get(write_report(folder / "attentive")), first);
}

TEST(WriteReport, of_a_folder_of_runs_writes_every_page_that_it_links) {
  TemporaryFolder folder;
  testing::write_run(folder / "demo" / "b");
  testing::write_run(folder / "demo" / "a");
  std::filesystem::create_directory(folder / "demo" / "notes");
  EXPECT_EQ(write_report(folder / "demo"), folder / "demo" / "report.html");
  const std::string page = testing::get(folder / "demo" / "report.html");
  EXPECT_LT(page.find("a/report.html"), page.find("b/report.html"));
  EXPECT_TRUE(std::filesystem::exists(folder / "demo" / "a" / "report.html"));
  EXPECT_TRUE(std::filesystem::exists(folder / "demo" / "b" / "report.html"));
  EXPECT_FALSE(std::filesystem::exists(folder / "demo" / "notes" / "report.html"));
}

TEST(WriteReport, takes_a_path_that_ends_in_a_slash) {
  TemporaryFolder folder;
  testing::write_run(folder / "demo" / "a");
  write_report(folder.path() / "demo" / "");
  EXPECT_NE(testing::get(folder / "demo" / "report.html").find("<h1>demo</h1>"), std::string::npos);
}

TEST(WriteReport, refuses_a_folder_without_runs) {
  TemporaryFolder folder;
  EXPECT_TRUE(
      testing::contains(testing::message_of<UserError>([&] { write_report(folder.path()); }),
                        "is neither a run folder nor a folder of runs"));
  EXPECT_EQ(testing::message_of<UserError>([&] { write_report(folder / "x"); }),
            (folder / "x").string() + " is no folder");
}

TEST(WriteReport, keeps_the_old_page_when_a_file_is_damaged) {
  TemporaryFolder folder;
  testing::write_run(folder / "run");
  const std::string old = testing::get(write_report(folder / "run"));
  testing::put(folder / "run" / "inspection.json", "{");
  EXPECT_TRUE(testing::contains(
      testing::message_of<UserError>([&] { write_report(folder / "run"); }), "inspection.json"));
  EXPECT_EQ(testing::get(folder / "run" / "report.html"), old);
}

TEST(WriteReport, says_where_it_cannot_write) {
  TemporaryFolder folder;
  testing::write_run(folder / "run");
  const testing::Unprivileged nobody;
  EXPECT_TRUE(testing::contains(
      testing::message_of<SystemError>([&] { write_report(folder / "run"); }), "report.html"));
}

}  // namespace
}  // namespace moestro
