#include "moestro/store/manifest.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::ends_with;
using testing::message_of;

// As version 0.1.0 writes it: must stay readable.
constexpr const char* kFirstVersion = R"json({
  "version": "0.1.0",
  "seed": -3,
  "device": "cpu (two threads)",
  "threads": 2,
  "data_digest": "ab12",
  "started": "2026-03-14T15:09:26Z",
  "finished": "",
  "status": "interrupted"
}
)json";

TEST(Manifest, of_the_first_version_is_read_and_written_the_same) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", kFirstVersion);
  Manifest manifest = read_manifest(folder / "x");
  EXPECT_EQ(manifest.version, "0.1.0");
  EXPECT_EQ(manifest.seed, -3);
  EXPECT_EQ(manifest.device, "cpu (two threads)");
  EXPECT_EQ(manifest.threads, 2);
  EXPECT_EQ(manifest.data_digest, "ab12");
  EXPECT_EQ(manifest.started, "2026-03-14T15:09:26Z");
  EXPECT_EQ(manifest.finished, "");
  EXPECT_EQ(manifest.status, RunStatus::interrupted);
  write_manifest(folder / "y", manifest);
  EXPECT_EQ(testing::get(folder / "y"), kFirstVersion);
}

TEST(Manifest, names_the_weights_of_a_teacher_where_there_is_one) {
  testing::TemporaryFolder folder;
  Manifest manifest;
  write_manifest(folder / "x", manifest);
  EXPECT_EQ(testing::get(folder / "x").find("teacher"), std::string::npos);
  manifest.teacher_digest = "cd34";
  write_manifest(folder / "x", manifest);
  EXPECT_EQ(read_manifest(folder / "x").teacher_digest, "cd34");
  testing::put(folder / "x", R"({"version": "", "seed": 0, "device": "", "threads": 1,
                                 "data_digest": "", "teacher_digest": 7})");
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { read_manifest(folder / "x"); }),
                        "x: key \"teacher_digest\" is number, expected a text"));
}

TEST(Manifest, knows_every_status_by_name) {
  testing::TemporaryFolder folder;
  for (RunStatus status :
       {RunStatus::running, RunStatus::finished, RunStatus::interrupted, RunStatus::failed}) {
    Manifest manifest;
    manifest.status = status;
    write_manifest(folder / "x", manifest);
    EXPECT_EQ(read_manifest(folder / "x").status, status) << run_status_name(status);
  }
}

TEST(Manifest, says_what_is_wrong_in_it) {
  testing::TemporaryFolder folder;
  auto error_with = [&](const std::string& from, const std::string& to) {
    std::string text = kFirstVersion;
    testing::put(folder / "x", text.replace(text.find(from), from.size(), to));
    return message_of<UserError>([&] { read_manifest(folder / "x"); });
  };
  EXPECT_TRUE(ends_with(error_with("\"seed\": -3,", ""), "x: key \"seed\" is missing"));
  EXPECT_TRUE(
      ends_with(error_with("-3", "\"3\""), "x: key \"seed\" is string, expected an integer"));
  EXPECT_TRUE(
      ends_with(error_with("\"ab12\"", "[]"), "x: key \"data_digest\" is array, expected a text"));
  EXPECT_TRUE(ends_with(error_with("interrupted", "stopped"),
                        "x: key \"status\" is \"stopped\", expected running, finished, interrupted "
                        "or failed"));
  testing::put(folder / "x", "[]");
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { read_manifest(folder / "x"); }),
                        "x: array, expected an object"));
}

TEST(UtcNow, is_iso_8601) {
  std::string form = utc_now();
  for (char& c : form) {
    if (c >= '0' && c <= '9') c = '0';
  }
  EXPECT_EQ(form, "0000-00-00T00:00:00Z");
}

}  // namespace
}  // namespace moestro
