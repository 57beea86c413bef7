#include "moestro/data/config.h"

#include "moestro/core/schema.h"
#include "moestro/data/named_sets.h"

namespace moestro {
namespace {

using Words = std::vector<std::string>;

// The formats that hold texts, and the named sets that do.
Words text_sources() {
  Words words = {"csv", "tsv", "lines", "parallel", "ids"};
  const Words sets = text_set_names();
  words.insert(words.end(), sets.begin(), sets.end());
  return words;
}

void describe_origin(Section& section, DataConfig& config) {
  section.field("name", config.name, "a known set; `moestro data` lists them")
      .one_of(named_set_names())
      .only_when("data.path", {""});
  section.field("path", config.path,
                "an own set: a file of training rows; for idx also a folder with "
                "train-images-idx3-ubyte and so on; for parallel what stands before .en and .de in "
                "the names of two files");
  section
      .field("valid_path", config.valid_path,
             "validation rows of an own set of texts, in the same form")
      .only_when("data.path", {"*"})
      .only_when("data.format", {"csv", "tsv", "lines", "parallel", "ids"});
  section.field("test_path", config.test_path, "test rows of an own set, in the same form")
      .only_when("data.path", {"*"});
  section
      .field(
          "format", config.format,
          "what data.path holds; of texts: tsv (tab-separated, never quoted), csv with data.text, "
          "lines (label, blank, text), parallel (two files, line by line), ids (of "
          "scripts/tokenize.py)")
      .one_of({"idx", "csv", "safetensors", "tsv", "lines", "parallel", "ids"})
      .only_when("data.path", {"*"});
  section.field("inputs", config.inputs, "tensor of the inputs, rows first")
      .only_when("data.format", {"safetensors"});
  section
      .field("target", config.target,
             "csv, tsv: column by name, or by number (1 the first, -1 the last; empty: the last); "
             "safetensors: tensor (empty: targets)")
      .only_when("data.format", {"csv", "tsv", "safetensors"});
  section
      .field("task", config.task,
             "what the target is; auto: values if it is numeric and has a fraction or more than "
             "50 different values, otherwise classes")
      .one_of({"auto", "classes", "values"})
      .only_when("data.format", {"csv", "tsv", "lines"});
  section.field("separator", config.separator, "between cells; auto: the one that fits every row")
      .one_of({"auto", ",", ";", "tab", "blank"})
      .only_when("data.format", {"csv"});
  section.field("header", config.header, "whether the first row names the columns")
      .one_of({"auto", "yes", "no"})
      .only_when("data.format", {"csv", "tsv"});
  section.field("ignore", config.ignore, "columns to leave out, by name or number")
      .only_when("data.format", {"csv"});
}

void describe_texts(Section& section, DataConfig& config) {
  section
      .field("text", config.text,
             "columns that are texts, by name or number, one for a text and two for a pair; csv: "
             "empty where columns are numbers and categories; tsv: empty for the first that is not "
             "the target")
      .only_when("data.format", {"csv", "tsv"});
  section
      .field("languages", config.languages,
             "the endings of the two parallel files, source first: [\"en\", \"de\"]")
      .only_when("data.format", {"parallel"});
  section.field("encoding", config.encoding, "of files of texts")
      .one_of({"utf-8", "latin-1"})
      .only_when("data.format", {"csv", "tsv", "lines", "parallel"});
  section
      .field("longest", config.longest,
             "tokens of the longest text, begin and end counted; longer ones are cut, pairs of a "
             "translation to train on are left out")
      .at_least(3)
      .at_most(65536)
      .only_when_any({"data.name", "data.format"}, text_sources());
  // The keys below have an effect where this one has.
  const std::string texts = "data.longest";
  section
      .field("tokens", config.tokens,
             "tokens in one training step, in texts of like length; 0: data.batch texts of any "
             "length")
      .at_least(0)
      .at_most(1e8)
      .only_when(texts, {"*"});
  section
      .field("tokenizer", config.tokenizer,
             "a .model file of sentencepiece; empty: word pieces are found on the training rows")
      .only_when(texts, {"*"});
  section
      .field("vocabulary", config.vocabulary,
             "how many word pieces are found; a translation has one vocabulary for both sides")
      .at_least(4)
      .at_most(1e6)
      .only_when("data.tokenizer", {""})
      .only_when(texts, {"*"});
}

}  // namespace

void describe(Schema& schema, DataConfig& config) {
  Section& section = schema.section("data", "Where samples come from.");
  describe_origin(section, config);
  describe_texts(section, config);
  section.field("batch", config.batch, "rows in one training step")
      .at_least(1)
      .only_when("data.tokens", {"0"});
  section
      .field("validation", config.validation,
             "share of the training rows held out by seed; a set with validation rows of its own: "
             "0 not to use them")
      .at_least(0)
      .below(1);
  section
      .field("test", config.test,
             "share of the rows split off by seed as test rows, for a set that has none of its "
             "own")
      .above(0)
      .below(1);
  section.field("classes", config.classes,
                "keep only the rows of these classes, by number: \"0-59\" or \"7\"; they are "
                "numbered anew in the order in which they stand here; empty: all");
  section.field("rows", config.rows, "train on that many rows only, drawn by seed; 0: all")
      .at_least(0);
  section
      .field("balanced", config.balanced,
             "of data.rows: as many rows of each class as can be; false: as they come")
      .only_when("data.rows", {"*"});
  section
      .field("label_noise", config.label_noise,
             "share of the training rows whose class is replaced by another one, drawn by seed; "
             "validation and test rows keep theirs")
      .at_least(0)
      .below(1);
  section.field("augment", config.augment,
                "changes drawn anew in every step, for images: \"flip\" (left to right, every "
                "other image), \"crop 4\" (shifted by up to 4 pixels, zeros moved in), "
                "\"crop 4 reflect\" (mirrored pixels moved in)");
  section.field("mean", config.mean,
                "subtracted from each channel (pixels count 0 to 1) or input column; one number "
                "serves all; empty: fitted on the training rows");
  section.field("deviation", config.deviation, "what the difference is divided by; goes with mean")
      .above(0);
}

}  // namespace moestro
