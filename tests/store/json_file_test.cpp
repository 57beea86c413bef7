#include "moestro/store/json_file.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::ends_with;
using testing::message_of;

TEST(JsonFile, gives_back_what_was_written) {
  testing::TemporaryFolder folder;
  nlohmann::json value = {{"a", {1, 2.5, "t", nullptr}}, {"b", {{"c", true}}}};
  write_json_file(folder / "x", value);
  EXPECT_EQ(read_json_file(folder / "x"), value);
}

TEST(JsonFile, keeps_the_order_of_ordered_keys) {
  testing::TemporaryFolder folder;
  write_json_file(folder / "x", nlohmann::ordered_json{{"z", 1}, {"a", 2}});
  EXPECT_EQ(testing::get(folder / "x"), "{\n  \"z\": 1,\n  \"a\": 2\n}\n");
}

TEST(JsonFile, holds_text_that_is_no_utf8_and_numbers_that_are_not_finite) {
  testing::TemporaryFolder folder;
  write_json_file(folder / "x", nlohmann::json{{"t", "a\xff"}, {"n", std::nan("")}});
  EXPECT_EQ(read_json_file(folder / "x")["t"], "a\uFFFD");
  EXPECT_TRUE(read_json_file(folder / "x")["n"].is_null());
}

TEST(JsonFile, says_where_it_is_damaged) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "{\"a\": 1");
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { read_json_file(folder / "x"); }),
                        "x: not valid JSON at byte 8"));
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { read_json_file(folder / "absent"); }),
                        "absent: no such file"));
}

}  // namespace
}  // namespace moestro
