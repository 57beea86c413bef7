#include "moestro/report/probing_record.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "report/probing_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::on_parts;
using testing::probing_of;

std::string refusal(const nlohmann::json& probing) {
  return testing::thrown<UserError>([&] { probing_of(probing); });
}

TEST(ProbingRecord, of_another_count_of_experts_is_refused) {
  nlohmann::json json = on_parts();
  json["share"].push_back(0);
  EXPECT_EQ(refusal(json), "x: probing: key \"share\" has 3 entries, expected 2");
  json = on_parts();
  json["part_of_expert"] = {0, 2};
  EXPECT_EQ(refusal(json), "x: probing: key \"part_of_expert\": 2 is none of the 2 parts");
  EXPECT_FALSE(probing_record(nlohmann::json::object(), "probing", 2, "x"));
}

}  // namespace
}  // namespace moestro
