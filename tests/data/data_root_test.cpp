#include "moestro/data/data_root.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

class DataRoot : public ::testing::Test {
 protected:
  DataRoot() {
    if (const char* value = std::getenv("MOESTRO_DATA")) kept_ = value;
    unsetenv("MOESTRO_DATA");
  }
  ~DataRoot() override {
    unsetenv("MOESTRO_DATA");
    if (!kept_.empty()) setenv("MOESTRO_DATA", kept_.c_str(), 1);
  }

  void put_mnist(const fs::path& folder) {
    put_idx_set(folder, "train", 4);
    put_idx_set(folder, "t10k", 2);
  }

  TemporaryFolder folder_;
  std::string kept_;
};

TEST_F(DataRoot, the_option_comes_first_then_the_environment_then_the_folder_then_the_system) {
  setenv("MOESTRO_DATA", "/elsewhere", 1);
  EXPECT_EQ(data_roots(folder_.path()),
            (Paths{folder_.path(), "/elsewhere", "data", "/usr/share/datasets"}));
  unsetenv("MOESTRO_DATA");
  EXPECT_EQ(data_roots({}), (Paths{"data", "/usr/share/datasets"}));
}

TEST_F(DataRoot, an_option_that_is_no_folder_is_refused) {
  EXPECT_TRUE(says(thrown<UserError>([&] { data_roots(folder_ / "none"); }),
                   {"--data-root", "no such folder"}));
}

TEST_F(DataRoot, the_first_root_with_all_files_wins) {
  const fs::path first = folder_ / "first", second = folder_ / "second";
  put_mnist(second / "mnist");
  put_idx_set(first / "mnist", "train", 4);  // without its test files
  const NamedSet& mnist = named_set("mnist");
  EXPECT_EQ(find_set(mnist, {first, second})->folder, second / "mnist");
  put_mnist(first / "mnist");
  EXPECT_EQ(find_set(mnist, {first, second})->folder, first / "mnist");
}

TEST_F(DataRoot, a_system_package_unpacked_below_a_root_is_found) {
  const fs::path folder = folder_ / "usr/share/datasets/mnist";
  put_mnist(folder);
  EXPECT_EQ(find_set(named_set("mnist"), {folder_.path()})->folder, folder);
}

TEST_F(DataRoot, packed_files_and_other_usual_names_are_found) {
  put(folder_ / "b.gz", "");
  EXPECT_EQ(find_file(folder_.path(), {"a", "b"}), folder_ / "b.gz");
  put(folder_ / "a", "");
  EXPECT_EQ(find_file(folder_.path(), {"a", "b"}), folder_ / "a");
  EXPECT_FALSE(find_file(folder_.path(), {"c"}));
}

TEST_F(DataRoot, a_missing_set_says_which_file_was_looked_for_where_and_how_to_get_it) {
  const std::string message = thrown<UserError>([&] {
    require_set(named_set("mnist"), {folder_.path(), "data"});
  });
  EXPECT_TRUE(says(
      message, {"data set mnist is not there", (folder_ / "mnist/train-images-idx3-ubyte").string(),
                "searched", "data/mnist", "https://", "--data-root"}));
  EXPECT_EQ(message.find('\n'), message.npos);
}

TEST_F(DataRoot, an_incomplete_set_names_the_file_that_it_lacks) {
  put_mnist(folder_ / "mnist");
  fs::remove(folder_ / "mnist/t10k-labels-idx1-ubyte");
  EXPECT_TRUE(says(thrown<UserError>([&] {
                     require_set(named_set("mnist"), {"data", folder_.path()});
                   }),
                   {(folder_ / "mnist/t10k-labels-idx1-ubyte").string()}));
}

TEST(NamedSets, unknown_names_get_a_suggestion) {
  EXPECT_TRUE(says(thrown<UserError>([] { named_set("fashion-mnits"); }),
                   {"did you mean \"fashion-mnist\"?"}));
}

TEST(NamedSets, every_set_says_what_it_is_where_it_comes_from_and_its_licence) {
  for (const NamedSet& set : named_sets()) {
    EXPECT_FALSE(set.title.empty() || set.origin.empty() || set.licence.empty() || set.rows.empty())
        << set.name;
    EXPECT_FALSE(set.train_files.empty()) << set.name;
    if (set.kind == NamedSet::Kind::csv) continue;
    EXPECT_EQ(static_cast<int64_t>(set.class_names.size()), set.classes) << set.name;
  }
}

}  // namespace
}  // namespace moestro::testing
