#include "moestro/lifecycle/continual_recipe.h"

#include "moestro/core/error.h"

namespace moestro {
namespace {

void describe(Schema& schema, StreamConfig& stream) {
  Section& section =
      schema.section("stream", "Tasks of texts or of images, learned one after another.");
  section.field("encoder", stream.encoder,
                "folder of the pre-trained encoder: a BERT and its tokenizer, as the Hugging Face "
                "libraries store them, for texts; a finished run with model.kind = \"vit\", for "
                "images");
  section.field("tasks", stream.tasks,
                "files, a task each, in the order they are learned: [task] name, [data] as in a "
                "recipe, of texts also [prompts], a text that describes each label");
  section
      .field("samples", stream.samples,
             "training rows of each class, drawn by seed; 0: all of them")
      .at_least(0);
  section.field("most", stream.most, "training rows of a task at most; 0: all").at_least(0);
  section
      .field("most_test", stream.most_test,
             "rows of a task that are measured, at most; 0: all of them")
      .at_least(0);
  section
      .field("support", stream.support,
             "images: training rows of each class, drawn by seed, whose mean vector stands for the "
             "class; of stream.samples the first, fewer where there are fewer")
      .at_least(1);
  section
      .field("longest", stream.longest,
             "tokens of the longest text, where its task file does not say data.longest")
      .at_least(3);
  section.field("steps", stream.steps, "training steps of a task").at_least(1);
  section.field("batch", stream.batch, "rows in one training step").at_least(1);
  section
      .field("label_smoothing", stream.label_smoothing,
             "share of the target that is spread over all classes")
      .at_least(0)
      .below(1);
  section
      .field("replay", stream.replay,
             "share of every learned task's training rows that are kept and learned again with "
             "each later one, one of these tasks a step in turn")
      .at_least(0)
      .at_most(1);
  section
      .field(
          "scale", stream.scale,
          "a class's score is the cosine of the sample and what stands for the class, times this")
      .above(0);
  section
      .field("rows", stream.rows,
             "what is measured after each task: test rows, or those held out to choose settings on")
      .one_of({"test", "valid"});
  section.field("reference", stream.reference,
                "a file of texts of no task, one a line (blank lines count for nothing): what is "
                "nearer to them than to every task "
                "is answered by the untouched encoder, where the task is not known; empty: none");
}

}  // namespace

ContinualRecipe::ContinualRecipe() {
  train.rate = 1e-3;
  train.schedule = "cosine";
  train.warmup = .1;
  train.optimiser = "adamw";
}

void describe_stream(Schema& schema, ContinualRecipe& recipe) {
  describe(schema, recipe.stream);
  describe(schema, recipe.adapter);
  describe(schema, recipe.merge);
}

void describe(Schema& schema, ContinualRecipe& recipe) {
  describe_stream(schema, recipe);
  describe_steps(schema, recipe.train);
}

void check(const ContinualRecipe& recipe, const Schema& schema) {
  schema.check_effects();
  if (recipe.stream.encoder.empty())
    throw UserError("{} is empty; expected the folder of a pre-trained encoder",
                    schema.where("stream.encoder"));
  if (recipe.stream.tasks.empty())
    throw UserError("{} is empty; expected at least one task file", schema.where("stream.tasks"));
  check_adapter(recipe.adapter, schema);
  check_merge(recipe.merge, recipe.stream.steps, schema);
  const bool shares = recipe.adapter.shared > 0 || recipe.adapter.shared_layers > 0;
  if (recipe.stream.replay > 0 && recipe.adapter.kind == "own" && !shares)
    throw UserError(
        "{} has no effect: what a task is answered with is frozen after it; expected 0, or "
        "adapter.shared or adapter.shared_layers above 0",
        schema.where("stream.replay"));
  if (recipe.merge.every > 0 && recipe.adapter.kind != "mixture")
    throw UserError("{} = \"{}\" leaves nothing to merge; expected merge.every = 0",
                    schema.where("adapter.kind"), recipe.adapter.kind);
  if (recipe.merge.every > 0 && recipe.adapter.experts < 3)
    throw UserError(
        "{} = {} are too few to merge two over another; expected at least 3, or "
        "merge.every = 0",
        schema.where("adapter.experts"), recipe.adapter.experts);
  if (recipe.merge.every > 0 && recipe.adapter.k == recipe.adapter.experts)
    throw UserError(
        "{} = {} sends every sample to every expert, so that none is used more than "
        "others; expected fewer, or merge.every = 0",
        schema.where("adapter.k"), recipe.adapter.k);
}

}  // namespace moestro
