#include "moestro/store/hugging_face.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::contains;
using testing::message_of;
using testing::put;
using testing::TemporaryFolder;

void put_config(const TemporaryFolder& folder) {
  put(folder / "config.json", R"({"width": 3, "epsilon": 0.5, "kind": "bert", "none": 0})");
}

std::string opening(const TemporaryFolder& folder) {
  return message_of<UserError>([&] { HuggingFaceFolder opened(folder.path()); });
}

TEST(HuggingFaceFolder, reads_its_keys_and_tensors) {
  const TemporaryFolder folder;
  put_config(folder);
  write_safetensors(folder / "model.safetensors", {{"a", at::ones({2, 3})}});
  EXPECT_TRUE(is_hugging_face_folder(folder.path()));
  const HuggingFaceFolder opened(folder.path());
  EXPECT_EQ(opened.integer("width"), 3);
  EXPECT_EQ(opened.number("epsilon"), .5);
  EXPECT_EQ(opened.text("kind"), "bert");
  EXPECT_EQ(opened.text("other", "gelu"), "gelu");
  EXPECT_TRUE(at::equal(opened.tensor("a"), at::ones({2, 3})));
  EXPECT_EQ(opened.shape("a"), (Shape{2, 3}));
  EXPECT_FALSE(opened.contains("b"));
}

TEST(HuggingFaceFolder, finds_tensors_in_the_files_of_an_index) {
  const TemporaryFolder folder;
  put_config(folder);
  write_safetensors(folder / "one.safetensors", {{"a", at::zeros({1})}});
  write_safetensors(folder / "two.safetensors", {{"b", at::ones({1})}});
  put(folder / "model.safetensors.index.json",
      R"({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  const HuggingFaceFolder opened(folder.path());
  EXPECT_EQ(opened.tensor("a").item<float>(), 0);
  EXPECT_EQ(opened.tensor("b").item<float>(), 1);
}

TEST(HuggingFaceFolder, refuses_an_index_that_leads_elsewhere_or_nowhere) {
  const TemporaryFolder folder;
  put_config(folder);
  for (const char* map : {R"({"a": "../x.safetensors"})", R"({"a": "/etc/x"})", R"({"a": 3})",
                          R"({"a": ""})", R"({"a": ".."})"}) {
    put(folder / "model.safetensors.index.json", std::string("{\"weight_map\": ") + map + "}");
    EXPECT_TRUE(contains(opening(folder), "expected the name of one in the same folder")) << map;
  }
  put(folder / "model.safetensors.index.json", R"({"weights": {}})");
  EXPECT_TRUE(contains(opening(folder), "no \"weight_map\""));
  put(folder / "model.safetensors.index.json", R"({"weight_map": {"a": "none.safetensors"}})");
  EXPECT_TRUE(contains(opening(folder), "none.safetensors"));
}

TEST(HuggingFaceFolder, says_what_is_missing_or_wrong) {
  const TemporaryFolder folder;
  EXPECT_FALSE(is_hugging_face_folder(folder.path()));
  EXPECT_TRUE(contains(opening(folder), "expected a folder with config.json"));
  put(folder / "config.json", "[1]");
  write_safetensors(folder / "model.safetensors", {{"a", at::ones({1})}});
  EXPECT_TRUE(contains(opening(folder), "expected an object of keys"));
  put_config(folder);
  const HuggingFaceFolder opened(folder.path());
  const auto error = [&](auto action) { return message_of<UserError>(action); };
  EXPECT_TRUE(
      contains(error([&] { opened.integer("depth"); }), "no \"depth\"; expected a whole number"));
  EXPECT_TRUE(contains(error([&] { opened.integer("none"); }),
                       "\"none\" = 0; expected a whole number from 1 to 1073741824"));
  EXPECT_TRUE(contains(error([&] { opened.integer("kind"); }), "\"kind\" = \"bert\"; expected"));
  EXPECT_TRUE(contains(error([&] { opened.number("kind"); }), "expected a number"));
  EXPECT_TRUE(contains(error([&] { opened.text("width"); }), "\"width\" = 3; expected a text"));
  EXPECT_TRUE(contains(error([&] { opened.tensor("b"); }), "no tensor \"b\""));
}

}  // namespace
}  // namespace moestro
