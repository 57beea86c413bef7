#include "moestro/train/student_config.h"

#include "moestro/core/schema.h"

namespace moestro {

void describe(Schema& schema, StudentConfig& student) {
  Section& section = schema.section(
      "student", "A dense network (expert.count = 1) that is folded from a trained mixture.");
  const auto field = [&](const char* name, auto& value, const char* meaning) -> Field& {
    return section.field(name, value, meaning).only_when("student.teacher", {"*"});
  };
  section.field("teacher", student.teacher,
                "the folder of a finished run of a mixture; empty: no student is made");
  field("gather", student.gather,
        "how experts become one layer, the rest being copied: sum, average: of every tensor; topk: "
        "the strongest hidden units of each; svd: the largest singular directions of each; concat: "
        "the experts used most side by side; controls: best: the one nearest to the mixture; "
        "random_expert; random_init: drawn anew; none: everything is drawn")
      .one_of({"topk", "svd", "sum", "average", "concat", "best", "random_expert", "random_init",
               "none"});
  field("align", student.align, "bring the hidden units of all experts into one order before")
      .only_when("student.gather", {"sum", "average", "svd"});
  field("ranking", student.ranking,
        "a unit's strength: norm: of the weights into it; norms: times that of the weights out of "
        "it; activation: times its mean activation (Transformers)")
      .one_of({"norm", "norms", "activation"})
      .only_when("student.gather", {"topk", "concat"});
  field("rank", student.rank,
        "singular triples kept of each matrix; 0: the lesser of its sides divided by the number of "
        "experts")
      .at_least(0)
      .only_when("student.gather", {"svd"});
  field("energy", student.energy,
        "above 0: as many triples as hold that share of the squared singular values")
      .at_least(0)
      .at_most(1)
      .only_when("student.gather", {"svd"});
  field("mean", student.mean, "the mean of the truncated matrices in place of their sum")
      .only_when("student.gather", {"svd"});
  field("fit", student.fit,
        "of each gathered layer's output to the mixture's on calibration rows, in closed form: "
        "scale: one factor; linear: the weights that read the last hidden layer, and the bias; "
        "none")
      .one_of({"scale", "linear", "none"})
      .only_when("student.gather",
                 {"topk", "svd", "sum", "average", "concat", "best", "random_expert"});
  field("calibration", student.calibration, "training rows that statistics and fits are taken from")
      .at_least(1)
      .only_when("student.gather",
                 {"topk", "svd", "sum", "average", "concat", "best", "random_expert"});
}

}  // namespace moestro
