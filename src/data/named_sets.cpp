#include "moestro/data/named_sets.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/data/cifar_classes.h"
#include "text_sets.h"

namespace moestro {
namespace {

using Kind = NamedSet::Kind;

const std::string kUci = "https://archive.ics.uci.edu/dataset/";
const std::string kCcBy = "CC BY 4.0";
const std::string kCifarOrigin = "https://www.cs.toronto.edu/~kriz/cifar.html (binary version)";
const std::string kCifarLicence = "none stated; cite Krizhevsky 2009";

const std::vector<std::string> kDigits = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

std::vector<NamedSet::FileNames> idx_files(const std::string& part) {
  return {{part + "-images-idx3-ubyte", part + "-images.idx3-ubyte"},
          {part + "-labels-idx1-ubyte", part + "-labels.idx1-ubyte"}};
}

NamedSet image_set(const std::string& name, const std::string& title,
                   const std::vector<std::string>& class_names) {
  NamedSet set;
  set.name = name;
  set.title = title;
  set.class_names = class_names;
  set.classes = static_cast<int64_t>(class_names.size());
  set.train_files = idx_files("train");
  set.test_files = idx_files("t10k");
  return set;
}

NamedSet mnist() {
  NamedSet set = image_set("mnist", "MNIST digits, 28 x 28 grey", kDigits);
  set.rows = "60,000 + 10,000";
  set.licence = "none stated; often given as CC BY-SA 3.0";
  set.origin = "https://ossci-datasets.s3.amazonaws.com/mnist/";
  return set;
}

NamedSet fashion_mnist() {
  NamedSet set = image_set("fashion-mnist", "Fashion-MNIST clothes, 28 x 28 grey",
                           {"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
                            "sneaker", "bag", "ankle boot"});
  set.rows = "60,000 + 10,000";
  set.licence = "MIT";
  set.origin =
      "Debian's package dataset-fashion-mnist or https://github.com/zalandoresearch/fashion-mnist";
  return set;
}

NamedSet notmnist() {
  NamedSet set = image_set("notmnist", "notMNIST letters A to J, 28 x 28 grey, the 10,000 of t10k",
                           {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"});
  // The hand-cleaned part; the 60,000 others are noisy and often not there.
  set.train_files = idx_files("t10k");
  set.test_files = {};
  set.rows = "10,000";
  set.licence = "MIT (the packing)";
  set.origin = "https://github.com/davidflanagan/notMNIST-to-MNIST";
  return set;
}

NamedSet usps() {
  NamedSet set = image_set("usps", "USPS digits, 16 x 16 grey", kDigits);
  set.rows = "7,291 + 2,007";
  set.licence = "none stated";
  set.origin =
      "https://hastie.su.domains/ElemStatLearn/ (zip.train, zip.test; scripts/convert_data.py "
      "makes IDX files of them)";
  return set;
}

NamedSet cifar10(const std::string& name, int batches) {
  NamedSet set = image_set(name, "CIFAR-10 photographs, 32 x 32 colour", cifar10_classes());
  set.kind = Kind::cifar10;
  set.train_files.clear();
  for (int i = 1; i <= batches; ++i) {
    const std::string file = fmt::format("data_batch_{}.bin", i);
    set.train_files.push_back({file, "cifar-10-batches-bin/" + file});
  }
  set.test_files = {{"test_batch.bin", "cifar-10-batches-bin/test_batch.bin"}};
  set.rows = "50,000 + 10,000";
  set.licence = kCifarLicence;
  set.origin = kCifarOrigin;
  return set;
}

NamedSet cifar10_subset() {
  NamedSet set = cifar10("cifar-10-subset", 1);
  set.title = "CIFAR-10, some of its images: one batch file and a test file of any size";
  set.rows = "any";
  return set;
}

NamedSet cifar100() {
  NamedSet set =
      image_set("cifar-100", "CIFAR-100 photographs, 32 x 32 colour", cifar100_classes());
  set.kind = Kind::cifar100;
  set.train_files = {{"train.bin", "cifar-100-binary/train.bin"}};
  set.test_files = {{"test.bin", "cifar-100-binary/test.bin"}};
  set.rows = "50,000 + 10,000";
  set.licence = kCifarLicence;
  set.origin = kCifarOrigin;
  return set;
}

NamedSet table(const std::string& name, const std::string& title, const std::string& rows,
               const NamedSet::FileNames& train, const NamedSet::FileNames& test,
               const std::string& target, const std::string& origin) {
  NamedSet set;
  set.name = name;
  set.title = title;
  set.kind = Kind::csv;
  set.rows = rows;
  set.train_files = {train};
  if (!test.empty()) set.test_files = {test};
  set.target = target;
  set.task = "classes";
  set.licence = kCcBy;
  set.origin = origin;
  return set;
}

NamedSet adult() {
  NamedSet set = table("adult", "Adult census: income above 50K, 14 mixed columns",
                       "32,561 + 16,281", {"adult.data"}, {"adult.test"}, "-1", kUci + "2/adult");
  set.target_suffix = ".";  // "<=50K." in adult.test
  set.comment = '|';
  return set;
}

NamedSet california_housing() {
  NamedSet set = table("california-housing", "California housing: price, 9 columns, regression",
                       "20,640", {"housing.csv"}, {}, "median_house_value",
                       "https://github.com/ageron/handson-ml2 (datasets/housing)");
  set.task = "values";
  set.licence = "none stated; Pace and Barry 1997";
  return set;
}

std::vector<NamedSet> all_sets() {
  std::vector<NamedSet> sets = {
      mnist(),
      fashion_mnist(),
      notmnist(),
      usps(),
      cifar10("cifar-10", 5),
      cifar10_subset(),
      cifar100(),
      adult(),
      table("bank", "Bank marketing: will a client subscribe, 16 mixed columns", "45,211",
            {"bank-full.csv"}, {}, "-1", kUci + "222/bank+marketing"),
      table("magic", "MAGIC telescope: gamma or hadron, 10 numbers", "19,020", {"magic04.data"}, {},
            "-1", kUci + "159/magic+gamma+telescope"),
      // Counted from the end: some copies of this file name other columns by numbers.
      table("letter", "Letter recognition: 26 letters, 16 numbers", "20,000",
            {"letter-recognition.data"}, {}, "-17", kUci + "59/letter+recognition"),
      table("satellite", "Statlog Landsat satellite: 6 soils, 36 numbers", "4,435 + 2,000",
            {"sat.trn"}, {"sat.tst"}, "-1", kUci + "146/statlog+landsat+satellite"),
      table("covertype", "Forest cover type: 7 types, 54 numbers", "581,012",
            {"covtype.data", "covtype.csv"}, {}, "-1", kUci + "31/covertype"),
      table("digits", "Digits of scikit-learn: 10 digits, 64 numbers (8 x 8 pixels)", "1,797",
            {"digits.csv"}, {}, "-1",
            "scikit-learn's sklearn/datasets/data/digits.csv.gz (UCI's optical digits, test "
            "part)"),
      california_housing(),
  };
  const std::vector<NamedSet> texts = text_sets();
  sets.insert(sets.end(), texts.begin(), texts.end());
  return sets;
}

}  // namespace

const std::vector<NamedSet>& named_sets() {
  static const std::vector<NamedSet> sets = all_sets();
  return sets;
}

std::vector<std::string> named_set_names() {
  std::vector<std::string> names;
  for (const NamedSet& set : named_sets()) names.push_back(set.name);
  return names;
}

std::vector<std::string> text_set_names() {
  std::vector<std::string> names;
  for (const NamedSet& set : named_sets())
    if (set.kind == Kind::text) names.push_back(set.name);
  return names;
}

bool is_named_set(const std::string& name) {
  const auto& sets = named_sets();
  return std::any_of(sets.begin(), sets.end(), [&](const auto& set) { return set.name == name; });
}

const NamedSet& named_set(const std::string& name) {
  for (const NamedSet& set : named_sets())
    if (set.name == name) return set;
  throw UserError("unknown data set \"{}\"; expected one of {}{}", name, joined(named_set_names()),
                  suggestion(name, named_set_names()));
}

}  // namespace moestro
