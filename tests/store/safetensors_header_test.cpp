#include "moestro/store/safetensors_header.h"

#include <random>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/expect_error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

namespace moestro {
namespace {

using testing::contains;
using testing::ends_with;
using testing::message_of;
using testing::starts_with;

using Shape = std::vector<int64_t>;
using Texts = std::map<std::string, std::string>;

std::string length_bytes(uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

std::string file_of(const std::string& json, std::size_t data_bytes) {
  return length_bytes(json.size()) + json + std::string(data_bytes, '\1');
}

SafetensorsHeader parse(const std::string& json, std::size_t data_bytes) {
  return parse_safetensors_header(file_of(json, data_bytes), "x");
}

std::string refusal(const std::string& json, std::size_t data_bytes) {
  std::string message = message_of<UserError>([&] { parse(json, data_bytes); });
  EXPECT_TRUE(starts_with(message, "x: not a readable safetensors file: "));
  return message;
}

std::string entry(const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "F32") {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

const std::string kGood = R"({"__metadata__":{"k":"v","é":""},"b":)" + entry("[2,3]", "[4,28]") +
                          R"(,"a":)" + entry("[]", "[0,4]", "I32") + R"(,"none":)" +
                          entry("[0,5]", "[28,28]", "BF16") + "}  ";

TEST(SafetensorsHeader, gives_names_shapes_types_and_places_in_the_file) {
  SafetensorsHeader header = parse(kGood, 28);
  ASSERT_EQ(header.tensors.size(), 3);
  uint64_t data = 8 + kGood.size();
  EXPECT_EQ(header.tensors[0].name, "b");
  EXPECT_EQ(header.tensors[0].dtype, "F32");
  EXPECT_EQ(header.tensors[0].shape, (Shape{2, 3}));
  EXPECT_EQ(header.tensors[0].begin, data + 4);
  EXPECT_EQ(header.tensors[0].end, data + 28);
  EXPECT_EQ(header.tensors[1].name, "a");
  EXPECT_TRUE(header.tensors[1].shape.empty());
  EXPECT_EQ(header.tensors[2].begin, header.tensors[2].end);
  EXPECT_EQ(header.metadata, (Texts{{"k", "v"}, {"é", ""}}));
}

TEST(SafetensorsHeader, may_describe_nothing) {
  EXPECT_TRUE(parse("{}", 0).tensors.empty());
}

TEST(SafetensorsHeader, is_refused_when_its_length_is_impossible) {
  auto error = [](const std::string& file) {
    return message_of<UserError>([&] { parse_safetensors_header(file, "x"); });
  };
  EXPECT_TRUE(ends_with(error(""), "0 bytes are too few for a header"));
  EXPECT_TRUE(ends_with(error("1234567"), "7 bytes are too few for a header"));
  EXPECT_TRUE(ends_with(error(length_bytes(3) + "{}"),
                        "header length 3, but only 2 bytes follow (truncated?)"));
  EXPECT_TRUE(ends_with(error(length_bytes(100'000'001) + "{}"),
                        "header length 100000001, at most 100000000 is allowed"));
  EXPECT_TRUE(contains(error(std::string(8, '\xff') + "{}"), "header length 18446744073709551615"));
  EXPECT_TRUE(ends_with(error(length_bytes(0)), "not valid JSON at byte 1"));
}

TEST(SafetensorsHeader, is_refused_when_it_is_not_json) {
  for (std::string json : {"[]", " {}", "{", "{]", "{\"a\"}", "nonsense", "{}{}", "{} x", "{'a':1}",
                           "{,}", "\xEF\xBB\xBF{}", "{\"\xff\":1}"})
    EXPECT_TRUE(contains(refusal(json, 0), "not valid JSON at byte ")) << json;
  EXPECT_TRUE(ends_with(refusal(std::string("{}\0{", 4), 0), "not valid JSON at byte 3"));
}

TEST(SafetensorsHeader, is_refused_when_its_structure_is_another) {
  const std::string good = entry("[1]", "[0,4]");
  for (auto [json, reason] : std::vector<std::pair<std::string, std::string>>{
           {R"({"a":1})", "1 is not expected"},
           {R"({"a":null})", "null is not expected"},
           {R"({"a":[]})", "a list is not expected"},
           {R"({"a":"t"})", "a text is not expected"},
           {R"({"a":{}})", "\"a\" needs a dtype, a shape and two data_offsets"},
           {R"({"a":{"dtype":"F32","shape":[1]}})", "\"a\" needs a dtype"},
           {R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", "\"a\" needs a dtype"},
           {R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "\"a\" needs a dtype"},
           {R"({"a":{"dtype":{}}})", "an object is not expected"},
           {R"({"a":{"dtype":7}})", "7 is not expected"},
           {R"({"a":{"extra":7}})", "key \"extra\" is not expected"},
           {R"({"a":{"dtype":"F32","dtype":"F32"}})", "key \"dtype\" is not expected"},
           {R"({"a":{"shape":{}}})", "an object is not expected"},
           {R"({"a":{"shape":[[1]]}})", "a list is not expected"},
           {R"({"a":{"shape":4}})", "4 is not expected"},
           {R"({"a":{"shape":[true]}})", "true is not expected"},
           {R"({"a":)" + entry("[1]", "[0]") + "}", "\"a\" needs a dtype"},
           {R"({"a":)" + entry("[1]", "[0,4,8]") + "}", "8 is not expected"},
           {R"({"a":)" + entry("[1]", "[]") + "}", "\"a\" needs a dtype"},
           {R"({"a":)" + good + R"(,"a":)" + good + "}", "\"a\" is there twice"},
           {R"({"__metadata__":{"k":1}})", "1 is not expected"},
           {R"({"__metadata__":{"k":{}}})", "an object is not expected"},
           {R"({"__metadata__":[]})", "a list is not expected"},
           {R"({"__metadata__":{"k":"1","k":"2"}})", "\"k\" is there twice"},
           {R"({"__metadata__":{},"__metadata__":{}})", "\"__metadata__\" is there twice"},
       })
    EXPECT_TRUE(contains(refusal(json, 4), reason)) << json;
}

TEST(SafetensorsHeader, is_refused_when_numbers_are_no_sizes) {
  auto with_shape = [](const std::string& size) {
    return refusal(R"({"a":)" + entry("[" + size + "]", "[0,4]") + "}", 4);
  };
  EXPECT_TRUE(contains(with_shape("-1"), "-1 is not expected"));
  EXPECT_TRUE(contains(with_shape("1.0"), "\"1.0\" is not expected"));
  EXPECT_TRUE(contains(with_shape("1e0"), "\"1e0\" is not expected"));
  EXPECT_TRUE(contains(with_shape("9223372036854775808"), "9223372036854775808 is not expected"));
  EXPECT_TRUE(contains(with_shape("99999999999999999999"), "is not expected"));
}

TEST(SafetensorsHeader, is_refused_when_a_shape_overflows) {
  for (std::string shape : {"[9223372036854775807]", "[4294967296,4294967296]",
                            "[2147483648,2147483648,2147483648,2147483648]",
                            "[4611686018427387904,4611686018427387904,0]",
                            "[0,4611686018427387904,4611686018427387904]"})
    EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry(shape, "[0,0]") + "}", 0),
                          "\"a\": the shape is too large"))
        << shape;
  std::string ones = "[1";
  for (int i = 0; i < 64; ++i) ones += ",1";
  EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry(ones + "]", "[0,4]") + "}", 4),
                        "\"a\": 65 dimensions, at most 64 are allowed"));
}

TEST(SafetensorsHeader, is_refused_when_bytes_and_shape_disagree) {
  EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry("[2]", "[0,4]") + "}", 4),
                        "\"a\": 4 bytes, but its shape and dtype need 8"));
  EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry("[1]", "[0,4]", "F64") + "}", 4),
                        "\"a\": 4 bytes, but its shape and dtype need 8"));
  EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry("[1]", "[0,4]", "F33") + "}", 4),
                        "\"a\": unknown dtype \"F33\""));
  EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry("[3]", "[0,1]", "F4") + "}", 1),
                        "\"a\": 12 bits are no whole bytes"));
}

TEST(SafetensorsHeader, is_refused_when_offsets_leave_the_data) {
  EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry("[1]", "[4,0]") + "}", 4),
                        "\"a\": offsets [4, 0] are outside the 4 bytes of data"));
  EXPECT_TRUE(ends_with(refusal(R"({"a":)" + entry("[2]", "[0,8]") + "}", 4),
                        "\"a\": offsets [0, 8] are outside the 4 bytes of data"));
  EXPECT_TRUE(contains(
      refusal(R"({"a":)" + entry("[1]", "[18446744073709551615,18446744073709551615]") + "}", 4),
      "are outside the 4 bytes of data"));
}

TEST(SafetensorsHeader, is_refused_when_tensors_overlap_or_leave_holes) {
  auto two = [](const std::string& a, const std::string& b, std::size_t bytes) {
    return refusal(R"({"a":)" + entry("[1]", a) + R"(,"b":)" + entry("[1]", b) + "}", bytes);
  };
  EXPECT_TRUE(contains(two("[0,4]", "[0,4]", 4), "(tensors overlap)"));
  EXPECT_TRUE(contains(two("[0,4]", "[2,6]", 6), "(tensors overlap)"));
  EXPECT_TRUE(ends_with(two("[0,4]", "[5,9]", 9),
                        "\"b\" begins at byte 5 of the data, expected 4 (a hole)"));
  EXPECT_TRUE(contains(two("[6,10]", "[2,6]", 10), "\"b\" begins at byte 2"));
  EXPECT_TRUE(
      ends_with(two("[0,4]", "[4,8]", 9), "the header describes 8 bytes of data, the file has 9"));
}

TEST(SafetensorsHeader, shows_foreign_names_on_one_short_line) {
  std::string message = refusal(R"({"a\nb\u001b)" + std::string(5000, 'x') + R"(":1})", 0);
  EXPECT_TRUE(contains(message, "a?b?xxx"));
  EXPECT_LT(message.size(), 250);
}

TEST(SafetensorsHeader, nests_no_deeper_than_the_format) {
  EXPECT_TRUE(contains(refusal(R"({"a":)" + std::string(1'000'000, '['), 0), "a list is not"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_TRUE(contains(refusal(objects, 0), "is not expected"));
}

TEST(SafetensorsHeader, truncated_at_any_byte_is_refused) {
  const std::string file = file_of(kGood, 28);
  for (std::size_t size = 0; size < file.size(); ++size)
    message_of<UserError>([&] { parse_safetensors_header(file.substr(0, size), "x"); });
  parse_safetensors_header(file, "x");
}

TEST(SafetensorsHeader, damaged_anyhow_is_refused_or_stays_within_the_file) {
  const std::string file = file_of(kGood, 28);
  std::mt19937 random(1);
  for (int trial = 0; trial < 50'000; ++trial) {
    std::string damaged = file;
    for (uint32_t changes = 1 + random() % 3; changes > 0; --changes) {
      std::size_t at = random() % damaged.size();
      if (random() % 4 == 0) {
        damaged.erase(at, 1 + random() % 4);
      } else if (random() % 3 == 0) {
        damaged.insert(at, 1, "0123456789{}[],:\"-e."[random() % 20]);
      } else {
        damaged[at] ^= static_cast<char>(1 << random() % 8);
      }
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(damaged.data()), damaged.size());
  }
}

}  // namespace
}  // namespace moestro
