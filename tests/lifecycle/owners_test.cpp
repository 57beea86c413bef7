#include "moestro/lifecycle/owners.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

class OwnersTest : public ::testing::Test {
 protected:
  using Metadata = std::map<std::string, std::string>;

  void write(const NamedTensors& tensors,
             const Metadata& metadata = {{"experts", "3"}, {"rows_digest", "d"}}) {
    write_safetensors(path_, tensors, metadata);
  }
  void write(const Tensor& expert_N) { write({{"expert", expert_N}}); }
  void expect_error(const std::string& rest) {
    EXPECT_EQ(testing::message_of<UserError>([&] { read_owners(path_); }), path_.string() + rest);
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "owners.safetensors";
};

TEST_F(OwnersTest, are_read_from_bytes_and_from_wider_numbers) {
  for (const auto type : {at::kByte, at::kInt}) {
    write(at::tensor({0, 2, 1}).to(type));
    const Owners owners = read_owners(path_);
    EXPECT_TRUE(at::equal(owners.expert_N, at::tensor({0, 2, 1}, at::kLong)));
    EXPECT_EQ(owners.experts, 3);
    EXPECT_EQ(owners.rows_digest, "d");
  }
}

TEST_F(OwnersTest, come_back_as_they_were_written) {
  const Tensor expert_N = at::tensor({0, 299, 7}, at::kLong);
  write_owners(path_, {expert_N, 300, "d"}, "test");
  const Owners owners = read_owners(path_);
  EXPECT_TRUE(at::equal(owners.expert_N, expert_N));
  EXPECT_EQ(owners.experts, 300);
  EXPECT_EQ(SafetensorsFile(path_).metadata().at("set"), "test");
}

TEST_F(OwnersTest, can_be_compared_on_the_same_rows_only) {
  const Tensor expert_N = at::zeros({3}, at::kLong);
  EXPECT_TRUE(comparable({expert_N, 2, "d"}, {expert_N, 5, "d"}));
  EXPECT_FALSE(comparable({expert_N, 2, "d"}, {expert_N, 2, "e"}));
  EXPECT_FALSE(comparable({expert_N, 2, "d"}, {at::zeros({4}, at::kLong), 2, "d"}));
}

TEST_F(OwnersTest, agree_pair_by_pair_where_they_can_be_compared) {
  const Tensor expert_N = at::tensor({0, 0, 1, 1}, at::kLong);
  const Owners a = {expert_N, 2, "d"}, renamed = {1 - expert_N, 2, "d"},
               all_one = {at::zeros_like(expert_N), 2, "d"}, elsewhere = {expert_N, 2, "e"};
  const std::vector<std::vector<double>> agreement =
      split_agreement({&a, &renamed, &all_one, &elsewhere});
  EXPECT_NEAR(agreement[0][1], 1, 1e-12);
  EXPECT_EQ(agreement[1][0], agreement[0][1]);
  EXPECT_NEAR(agreement[2][0], 0, 1e-12);
  EXPECT_TRUE(std::isnan(agreement[3][0]));
  EXPECT_EQ(agreement[3][3], 1);
}

TEST_F(OwnersTest, that_are_no_experts_are_refused) {
  write(at::tensor({0, 3}, at::kLong));
  expect_error(": 3 is none of the 3 experts");
  write(at::tensor({-1, 2}, at::kLong));
  expect_error(": -1 is none of the 3 experts");
}

TEST_F(OwnersTest, of_another_form_are_refused) {
  write(at::zeros({2, 2}, at::kLong));
  expect_error(": tensor \"expert\" is Long [2, 2], expected whole numbers [rows]");
  write(at::zeros({2}));
  expect_error(": tensor \"expert\" is Float [2], expected whole numbers [rows]");
  write(at::zeros({0}, at::kLong));
  expect_error(": tensor \"expert\" is Long [0], expected whole numbers [rows]");
  write({{"owner", at::zeros({2}, at::kLong)}});
  expect_error(": tensor \"expert\" is missing");
}

TEST_F(OwnersTest, without_their_metadata_are_refused) {
  const NamedTensors tensors = {{"expert", at::zeros({2}, at::kLong)}};
  write(tensors, {{"rows_digest", "d"}});
  expect_error(": the metadata have no \"experts\"");
  write(tensors, {{"rows_digest", "d"}, {"experts", "many"}});
  expect_error(": metadata \"experts\" is \"many\", expected a number from 1 on");
  write(tensors, {{"experts", "3"}});
  expect_error(": the metadata have no \"rows_digest\"");
}

}  // namespace
}  // namespace moestro
