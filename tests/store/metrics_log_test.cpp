#include "moestro/store/metrics_log.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::contains;
using testing::ends_with;
using testing::message_of;

const std::string kThree =
    "{\"loss\":1.5,\"step\":10}\n{\"loss\":1.0,\"step\":20}\n{\"loss\":0.5,\"step\":30}\n";

TEST(MetricsLog, writes_a_line_a_record_and_reads_them_back) {
  testing::TemporaryFolder folder;
  MetricsLog log(folder / "x", -1);
  log.append({{"step", 10}, {"loss", 1.5}});
  EXPECT_EQ(read_metrics(folder / "x").size(), 1);
  log.append({{"step", 20}, {"loss", std::numeric_limits<double>::infinity()}, {"t", "a\nb"}});
  auto records = read_metrics(folder / "x");
  ASSERT_EQ(records.size(), 2);
  EXPECT_EQ(records[0]["loss"], 1.5);
  EXPECT_TRUE(records[1]["loss"].is_null());
  EXPECT_EQ(records[1]["t"], "a\nb");
}

TEST(MetricsLog, resumed_drops_what_came_after_the_checkpoint) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", kThree);
  MetricsLog log(folder / "x", 20);
  log.append({{"step", 30}, {"loss", .5}});
  EXPECT_EQ(testing::get(folder / "x"), kThree);
}

TEST(MetricsLog, resumed_after_all_records_changes_nothing) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", kThree);
  MetricsLog(folder / "x", 30);
  EXPECT_EQ(testing::get(folder / "x"), kThree);
}

TEST(MetricsLog, begun_anew_is_empty) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", kThree);
  MetricsLog(folder / "x", -1);
  EXPECT_EQ(testing::get(folder / "x"), "");
}

TEST(MetricsLog, cut_at_any_byte_keeps_the_whole_lines) {
  testing::TemporaryFolder folder;
  for (std::size_t size = 0; size < kThree.size(); ++size) {
    testing::put(folder / "x", kThree.substr(0, size));
    std::size_t whole = std::count(kThree.begin(), kThree.begin() + size, '\n');
    EXPECT_EQ(read_metrics(folder / "x").size(), whole);
    MetricsLog(folder / "x", 30).append({{"step", 40}});
    EXPECT_EQ(read_metrics(folder / "x").size(), whole + 1);
  }
}

TEST(MetricsLog, drops_a_damaged_line_and_what_follows_with_a_warning) {
  testing::TemporaryFolder folder;
  for (std::string damage : {std::string(9, '\0'), std::string("{\"loss\":1}"), std::string("7")}) {
    testing::put(folder / "x", kThree + damage + "\n" + kThree);
    ::testing::internal::CaptureStderr();
    MetricsLog(folder / "x", 30);
    EXPECT_TRUE(contains(::testing::internal::GetCapturedStderr(),
                         "x:4: not a metrics record; dropped from here on"));
    EXPECT_EQ(testing::get(folder / "x"), kThree);
  }
}

TEST(ReadMetrics, names_the_damaged_line) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", kThree + "{]\n" + kThree);
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { read_metrics(folder / "x"); }),
                        "x:4: not a metrics record, expected an object with an integer \"step\""));
}

TEST(ReadMetrics, gives_none_without_a_file) {
  testing::TemporaryFolder folder;
  EXPECT_TRUE(read_metrics(folder / "absent").empty());
}

TEST(MetricsLog, says_where_it_cannot_write) {
  testing::TemporaryFolder folder;
  EXPECT_TRUE(ends_with(message_of<SystemError>([&] { MetricsLog(folder / "absent" / "x", -1); }),
                        "absent/x: No such file or directory"));
}

TEST(MetricsLog, takes_only_records_with_a_step) {
  testing::TemporaryFolder folder;
  MetricsLog log(folder / "x", -1);
  EXPECT_THROW(log.append({{"loss", 1}}), InternalError);
  EXPECT_THROW(log.append({{"step", 1.5}}), InternalError);
}

}  // namespace
}  // namespace moestro
