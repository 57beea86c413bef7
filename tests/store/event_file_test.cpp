#include "moestro/store/event_file.h"

#include <bit>
#include <chrono>
#include <cmath>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/crc32c.h"
#include "store/expect_error.h"
#include "store/protobuf_fields.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::ends_with;
using testing::message_of;
using testing::take_fixed;

// Event of TensorFlow.
struct Message : testing::ProtobufFields {
  using ProtobufFields::ProtobufFields;
  double wall_time() const { return std::bit_cast<double>(number(1)); }
  int64_t step() const { return static_cast<int64_t>(number(2)); }
};

std::vector<Message> events_of(const std::filesystem::path& path) {
  std::string bytes = testing::get(path);
  std::string_view rest = bytes;
  std::vector<Message> events;
  while (!rest.empty()) {
    std::string_view length_bytes = rest.substr(0, 8);
    uint64_t length = take_fixed(rest, 8);
    EXPECT_EQ(take_fixed(rest, 4), masked_crc32c(length_bytes));
    std::string_view event = rest.substr(0, length);
    rest.remove_prefix(length);
    EXPECT_EQ(take_fixed(rest, 4), masked_crc32c(event));
    events.emplace_back(event);
  }
  return events;
}

TEST(EventFile, begins_with_the_version_of_the_format) {
  testing::TemporaryFolder folder;
  auto events = events_of(EventFile(folder.path()).path());
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0].content(3), "brain.Event:2");
}

TEST(EventFile, holds_tag_value_step_and_time_of_scalars) {
  testing::TemporaryFolder folder;
  EventFile file(folder.path());
  file.scalar("train/loss", 1.5, 0);
  file.scalar("train/loss", -0.25, 123'456'789'012);
  auto events = events_of(file.path());
  ASSERT_EQ(events.size(), 3);
  std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const std::pair<double, int64_t> expected[] = {{1.5, 0}, {-0.25, 123'456'789'012}};
  for (int i = 0; i < 2; ++i) {
    const Message& event = events[i + 1];
    Message value(Message(event.content(5)).content(1));
    EXPECT_EQ(value.content(1), "train/loss");
    EXPECT_EQ(std::bit_cast<float>(static_cast<uint32_t>(value.number(2))), expected[i].first);
    EXPECT_EQ(event.step(), expected[i].second);
    EXPECT_LT(std::abs(event.wall_time() - now.count()), 60);
  }
}

TEST(EventFile, holds_long_tags_and_values_that_are_not_finite) {
  testing::TemporaryFolder folder;
  EventFile file(folder.path());
  std::string tag(1000, 't');
  file.scalar(tag, std::nan(""), 1);
  Message value(Message(events_of(file.path()).at(1).content(5)).content(1));
  EXPECT_EQ(value.content(1), tag);
  EXPECT_TRUE(std::isnan(std::bit_cast<float>(static_cast<uint32_t>(value.number(2)))));
}

TEST(EventFile, of_a_resumed_run_follows_and_restarts_at_its_step) {
  testing::TemporaryFolder folder;
  EventFile first(folder.path());
  EventFile second(folder.path(), 500);
  EXPECT_LT(first.path(), second.path());
  auto events = events_of(second.path());
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[1].step(), 500);
  EXPECT_EQ(Message(events[1].content(7)).number(1), 1);  // SessionLog.START
}

TEST(EventFile, says_where_it_cannot_write) {
  testing::TemporaryFolder folder;
  EXPECT_TRUE(ends_with(message_of<SystemError>([&] { EventFile(folder / "absent"); }),
                        "absent: No such file or directory"));
}

}  // namespace
}  // namespace moestro
