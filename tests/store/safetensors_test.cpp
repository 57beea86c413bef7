#include "moestro/store/safetensors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/digest.h"
#include "store/expect_error.h"
#include "store/limited_file_size.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::contains;
using testing::ends_with;
using testing::message_of;

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
         (a.numel() == 0 || std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0);
}

// Any bytes, as numbers of a type.
Tensor bits(at::ScalarType type, const Shape& shape) {
  int64_t count = c10::multiply_integers(shape);
  int64_t bytes = count * static_cast<int64_t>(c10::elementSize(type));
  Tensor raw = at::arange(bytes, at::kLong).mul(37).remainder(251).to(at::kByte);
  if (type == at::kBool) raw = raw.remainder(2);
  return raw.view(type).reshape(shape);
}

TEST(Safetensors, gives_back_every_type_bit_by_bit) {
  testing::TemporaryFolder folder;
  NamedTensors tensors;
  for (at::ScalarType type :
       {at::kBool, at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kHalf, at::kBFloat16,
        at::kFloat, at::kDouble, at::kUInt16, at::kUInt32, at::kUInt64, at::kComplexFloat,
        at::kFloat8_e4m3fn, at::kFloat8_e5m2, at::kFloat8_e4m3fnuz, at::kFloat8_e5m2fnuz,
        at::kFloat8_e8m0fnu})
    tensors.emplace_back(c10::toString(type), bits(type, {3, 5}));
  write_safetensors(folder / "x", tensors);
  SafetensorsFile file(folder / "x");
  ASSERT_EQ(file.names().size(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    EXPECT_EQ(file.names()[i], name);
    EXPECT_EQ(file.dtype(name), tensor.scalar_type()) << name;
    EXPECT_TRUE(same_bytes(file.tensor(name), tensor)) << name;
  }
}

TEST(Safetensors, keeps_scalars_empty_tensors_names_and_metadata) {
  testing::TemporaryFolder folder;
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"state", "{\"é\": 1}\n"}};
  write_safetensors(folder / "x",
                    {{"scalar", at::scalar_tensor(2.5)},
                     {"empty", at::empty({0, 7}, at::kLong)},
                     {"we\"ird\n é", at::ones({1})}},
                    metadata);
  SafetensorsFile file(folder / "x");
  EXPECT_EQ(file.names(), (std::vector<std::string>{"scalar", "empty", "we\"ird\n é"}));
  EXPECT_EQ(file.metadata(), metadata);
  EXPECT_EQ(file.tensor("scalar").dim(), 0);
  EXPECT_EQ(file.tensor("scalar").item<double>(), 2.5);
  EXPECT_EQ(file.shape("empty"), (Shape{0, 7}));
  EXPECT_EQ(file.tensor("empty").sizes(), (Shape{0, 7}));
  EXPECT_TRUE(file.contains("we\"ird\n é"));
  EXPECT_FALSE(file.contains("weird"));
}

TEST(Safetensors, of_no_tensors_is_a_file) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "none", {});
  write_safetensors(folder / "text", {}, {{"a", "b"}});
  EXPECT_TRUE(SafetensorsFile(folder / "none").names().empty());
  EXPECT_EQ(SafetensorsFile(folder / "text").metadata().at("a"), "b");
}

TEST(Safetensors, stores_views_as_they_look) {
  testing::TemporaryFolder folder;
  Tensor base = at::arange(24, at::kFloat).view({4, 6});
  base.requires_grad_();
  write_safetensors(folder / "x", {{"transposed", base.t()}, {"slice", base.slice(1, 1, 6, 2)}});
  SafetensorsFile file(folder / "x");
  EXPECT_TRUE(at::equal(file.tensor("transposed"), base.t()));
  EXPECT_TRUE(at::equal(file.tensor("slice"), base.slice(1, 1, 6, 2)));
}

TEST(Safetensors, aligns_data_whatever_the_order_of_types) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "x", {{"bytes", at::ones({3}, at::kByte)},
                                   {"doubles", at::ones({2}, at::kDouble)},
                                   {"halves", at::ones({1}, at::kHalf)},
                                   {"floats", at::ones({1}, at::kFloat)}});
  SafetensorsHeader header = parse_safetensors_header(testing::get(folder / "x"), "x");
  for (const SafetensorsEntry& entry : header.tensors)
    EXPECT_EQ(entry.begin % (safetensors_bits(entry.dtype) / 8), 0) << entry.name;
  EXPECT_EQ(header.tensors.front().name, "bytes");
}

TEST(Safetensors, are_read_also_where_the_file_does_not_align_them) {
  testing::TemporaryFolder folder;
  std::string json = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                     R"("b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(json.size());
  testing::put(folder / "x", bytes + json + '\7' + std::string("\0\0\x80\x3f\0\0\0\x40", 8));
  SafetensorsFile file(folder / "x");
  EXPECT_TRUE(at::equal(file.tensor("b"), at::tensor({1.f, 2.f})));
  EXPECT_EQ(file.tensor("a").item<int>(), 7);
}

TEST(Safetensors, tensors_outlive_the_file_object_and_the_path) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "x", {{"a", at::arange(1000)}});
  Tensor kept = SafetensorsFile(folder / "x").tensor("a");
  std::filesystem::remove(folder / "x");
  EXPECT_TRUE(at::equal(kept, at::arange(1000)));
}

TEST(Safetensors, share_the_mapping_without_a_copy) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "x", {{"a", at::arange(1000)}});
  SafetensorsFile file(folder / "x");
  EXPECT_EQ(file.tensor("a").const_data_ptr(), SafetensorsFile(file).tensor("a").const_data_ptr());
}

TEST(Safetensors, ask_for_a_name_that_is_there) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "x", {{"a", at::ones({1})}});
  SafetensorsFile file(folder / "x");
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { file.tensor("b"); }),
                        "x: no tensor \"b\" among its 1"));
}

TEST(Safetensors, of_a_type_that_libtorch_lacks_can_be_listed_but_not_read) {
  testing::TemporaryFolder folder;
  std::string json = R"({"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(json.size());
  testing::put(folder / "x", bytes + json + '\7');
  SafetensorsFile file(folder / "x");
  EXPECT_EQ(file.shape("a"), (Shape{2}));
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { file.tensor("a"); }),
                        "\"a\" has dtype F4, which LibTorch lacks"));
}

TEST(Safetensors, truncated_at_any_byte_name_the_file_and_give_no_tensor) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "whole", {{"a", at::ones({3})}, {"b", at::ones({2}, at::kByte)}});
  std::string bytes = testing::get(folder / "whole");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    testing::put(folder / "x", bytes.substr(0, size));
    EXPECT_TRUE(contains(message_of<UserError>([&] { SafetensorsFile(folder / "x"); }),
                         "x: not a readable safetensors file: "));
  }
}

TEST(Safetensors, writing_returns_the_digest_of_the_file) {
  testing::TemporaryFolder folder;
  std::string digest = write_safetensors(folder / "x", {{"a", at::arange(100)}}, {{"k", "v"}});
  EXPECT_EQ(digest, sha256_of_file(folder / "x"));
  write_digest(folder / "x", digest);
  EXPECT_TRUE(verify_digest(folder / "x"));
}

TEST(Safetensors, writing_the_same_gives_the_same_bytes) {
  testing::TemporaryFolder folder;
  auto write = [&](const std::string& name) {
    return write_safetensors(folder / name, {{"a", at::arange(9)}, {"b", at::ones({2})}},
                             {{"y", "1"}, {"x", "2"}});
  };
  EXPECT_EQ(write("one"), write("two"));
}

TEST(Safetensors, a_full_disk_leaves_the_old_file) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "x", {{"a", at::ones({10})}});
  std::string before = testing::get(folder / "x");
  testing::LimitedFileSize limit(10'000);
  EXPECT_TRUE(contains(message_of<SystemError>([&] {
                         write_safetensors(folder / "x", {{"a", at::ones({100'000})}});
                       }),
                       "cannot write "));
  EXPECT_EQ(testing::get(folder / "x"), before);
  EXPECT_EQ(folder.entries(), 1);
}

TEST(Safetensors, refuse_what_they_cannot_hold) {
  testing::TemporaryFolder folder;
  EXPECT_TRUE(
      ends_with(message_of<UserError>([&] {
                  write_safetensors(folder / "x", {{"a", at::ones({1}, at::kComplexDouble)}});
                }),
                "\"a\" has type ComplexDouble, which safetensors lacks"));
  EXPECT_TRUE(ends_with(message_of<UserError>([&] {
                          write_safetensors(folder / "x", {}, {{"k", "\xff"}});
                        }),
                        "not valid UTF-8"));
  EXPECT_THROW(write_safetensors(folder / "x", {{"a", at::ones({1})}, {"a", at::ones({1})}}),
               InternalError);
  EXPECT_THROW(write_safetensors(folder / "x", {{"__metadata__", at::ones({1})}}), InternalError);
  EXPECT_THROW(write_safetensors(folder / "x", {{"a", Tensor()}}), InternalError);
  EXPECT_EQ(folder.entries(), 0);
}

}  // namespace
}  // namespace moestro
