#include "moestro/data/config.h"

#include "moestro/core/schema.h"
#include "moestro/data/named_sets.h"

namespace moestro {
namespace {

void describe_origin(Section& section, DataConfig& config) {
  section.field("name", config.name, "a known set; `moestro data` lists them")
      .one_of(named_set_names())
      .only_when("data.path", {""});
  section.field("path", config.path,
                "an own set: a file of training rows; for idx also a folder with "
                "train-images-idx3-ubyte and so on");
  section.field("test_path", config.test_path, "test rows of an own set, in the same form")
      .only_when("data.path", {"*"});
  section.field("format", config.format, "what data.path holds")
      .one_of({"idx", "csv", "safetensors"})
      .only_when("data.path", {"*"});
  section.field("inputs", config.inputs, "tensor of the inputs, rows first")
      .only_when("data.format", {"safetensors"});
  section
      .field("target", config.target,
             "csv: column by name, or by number (1 the first, -1 the last; empty: the last); "
             "safetensors: tensor (empty: targets)")
      .only_when("data.format", {"csv", "safetensors"});
  section
      .field("task", config.task,
             "what the target is; auto: values if it is numeric and has a fraction or more than "
             "50 different values, otherwise classes")
      .one_of({"auto", "classes", "values"})
      .only_when("data.format", {"csv"});
  section.field("separator", config.separator, "between cells; auto: the one that fits every row")
      .one_of({"auto", ",", ";", "tab", "blank"})
      .only_when("data.format", {"csv"});
  section.field("header", config.header, "whether the first row names the columns")
      .one_of({"auto", "yes", "no"})
      .only_when("data.format", {"csv"});
  section.field("ignore", config.ignore, "columns to leave out, by name or number")
      .only_when("data.format", {"csv"});
}

}  // namespace

void describe(Schema& schema, DataConfig& config) {
  Section& section = schema.section("data", "Where samples come from.");
  describe_origin(section, config);
  section.field("batch", config.batch, "rows in one training step").at_least(1);
  section.field("validation", config.validation, "share of the training rows held out by seed")
      .at_least(0)
      .below(1);
  section
      .field("test", config.test,
             "share of the rows split off by seed as test rows, for a set that has none of its "
             "own")
      .above(0)
      .below(1);
  section
      .field("rows", config.rows,
             "train on that many rows only, as many of each class as can be; 0: all")
      .at_least(0);
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
