#include "moestro/data/prefetch.h"

#include <atomic>
#include <chrono>
#include <stdexcept>

#include <gtest/gtest.h>

#include "thrown.h"

namespace moestro::testing {
namespace {

using namespace std::chrono_literals;

TEST(Prefetch, items_come_in_order_and_end) {
  Prefetch<int64_t> prefetch([](int64_t i) { return 10 * i; }, 3, 8, 2);
  for (int64_t i = 3; i < 8; ++i) EXPECT_EQ(prefetch.next(), 10 * i);
  EXPECT_FALSE(prefetch.next());
  EXPECT_FALSE(prefetch.next());
}

TEST(Prefetch, an_error_arrives_at_its_items_turn_and_stays) {
  Prefetch<int64_t> prefetch(
      [](int64_t i) {
        if (i == 2) throw std::runtime_error("item 2");
        return i;
      },
      0, 5, 8);
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(prefetch.next(), 0);
  EXPECT_EQ(prefetch.next(), 1);
  for (int again = 0; again < 2; ++again)
    EXPECT_EQ(thrown<std::runtime_error>([&] { prefetch.next(); }), "item 2");
}

TEST(Prefetch, no_more_than_its_depth_is_made_ahead) {
  std::atomic<int64_t> made = 0;
  Prefetch<int64_t> prefetch([&](int64_t i) { return ++made, i; }, 0, 100, 3);
  std::this_thread::sleep_for(20ms);
  EXPECT_LE(made, 4);  // three ready, one in hand
}

TEST(Prefetch, it_can_be_dropped_before_the_end) {
  for (int i = 0; i < 20; ++i) {
    Prefetch<int64_t> prefetch([](int64_t item) { return item; }, 0, 1000, 2);
    EXPECT_EQ(prefetch.next(), 0);
  }
}

TEST(Prefetch, nothing_to_make_is_the_end_at_once) {
  Prefetch<int64_t> prefetch([](int64_t i) { return i; }, 4, 4, 2);
  EXPECT_FALSE(prefetch.next());
}

}  // namespace
}  // namespace moestro::testing
