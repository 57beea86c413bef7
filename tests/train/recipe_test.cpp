#include "moestro/train/recipe.h"

#include <fstream>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/schema_peek.h"
#include "moestro/train/model.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

std::vector<std::filesystem::path> shipped_recipes() {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path folder = std::filesystem::path(testing::kSourceDir) / "recipes";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    // Streams of tasks are described by other schemas (lifecycle/continual_recipe.h).
    if (entry.path().extension() == ".toml" && !has_section(entry.path(), "stream") &&
        !has_section(entry.path(), "task"))
      paths.push_back(entry.path());
  return paths;
}

TEST(Recipe, every_shipped_one_parses_and_describes_a_model) {
  ASSERT_FALSE(shipped_recipes().empty());
  for (const std::filesystem::path& path : shipped_recipes()) {
    RecipeDocument document;
    document.schema.parse_file(path);
    check(document.recipe, document.schema);
    const std::string& kind = document.recipe.model.kind;
    Task task{{1, 28, 28}, 10};
    if (kind == "encoder") task = {{100}, 2, /*vocabulary=*/8000, /*translation=*/false, 100};
    if (kind == "translator") task = {{100}, 0, /*vocabulary=*/8000, /*translation=*/true, 100};
    if (document.recipe.expert.layers.front().starts_with("embed"))
      task = {.sample_shape = {10}, .classes = 2, .categories = {{4, 6}}};
    EXPECT_GT(build_model(document, task)->parameter_count(), 0) << path;
  }
}

TEST(Recipe, what_is_written_down_reads_back_to_the_same) {
  for (const std::filesystem::path& path : shipped_recipes()) {
    RecipeDocument document, again;
    document.schema.parse_file(path);
    const std::string text = document.schema.to_toml();
    again.schema.parse_text(text, "written");
    check(again.recipe, again.schema);
    EXPECT_EQ(again.schema.to_toml(), text) << path;
  }
}

TEST(Recipe, refuses_a_gate_that_has_nothing_to_choose) {
  RecipeDocument document;
  document.schema.set("expert.count=1");
  EXPECT_EQ(thrown<UserError>([&] { check(document.recipe, document.schema); }),
            "gate.kind = \"softmax\" has nothing to choose with expert.count = 1; expected "
            "gate.kind = \"fixed\" or more experts");
}

TEST(Recipe, refuses_early_stopping_without_validation) {
  RecipeDocument document;
  document.schema.set("data.validation=0");
  document.schema.set("train.patience=3");
  EXPECT_EQ(
      thrown<UserError>([&] { check(document.recipe, document.schema); }),
      "--set: train.patience has no effect here; it is used where data.validation is set, and "
      "that is 0.0");
}

TEST(Recipe, refuses_a_competitive_loss_under_a_switch_gate) {
  RecipeDocument document;
  document.schema.set("loss.kind=competitive");
  document.schema.set("gate.kind=switch");
  EXPECT_EQ(thrown<UserError>([&] { check(document.recipe, document.schema); }),
            "--set: loss.kind = \"competitive\" pays a switch gate for being unsure, since its one "
            "weight is a probability below 1; expected another loss.kind or gate.kind");
}

std::string refusal(const std::vector<std::string>& assignments) {
  RecipeDocument document;
  for (const std::string& assignment : assignments) document.schema.set(assignment);
  return thrown<UserError>([&] { check(document.recipe, document.schema); });
}

// An encoder; of one expert with an ordinary feed-forward layer.
std::vector<std::string> encoder(std::vector<std::string> more, bool mixtures = false) {
  more.insert(more.begin(), "model.kind=encoder");
  if (!mixtures) more.insert(more.begin(), {"expert.count=1", "gate.kind=fixed"});
  return more;
}

TEST(Recipe, refuses_keys_of_mixture_layers_where_there_are_none) {
  for (const char* assignment : {"model.mixture_every=2", "model.route=mean", "model.shared=1"}) {
    const std::string key = std::string(assignment).substr(0, std::string(assignment).find('='));
    EXPECT_EQ(refusal(encoder({assignment})),
              "--set: " + key +
                  " has no effect with expert.count = 1; expected more experts, for mixture "
                  "layers");
    EXPECT_EQ(refusal(encoder({assignment}, /*mixtures=*/true)), "(nothing thrown)");
  }
  EXPECT_EQ(refusal(encoder({})), "(nothing thrown)");
  EXPECT_EQ(refusal(encoder({"model.expert_hidden=8", "model.mixture_every=2"})),
            "(nothing thrown)");
}

TEST(Recipe, refuses_mixture_layers_that_no_block_has) {
  EXPECT_EQ(refusal(encoder({"model.mixture_every=3", "model.depth=2"}, true)),
            "--set: model.mixture_every = 3 leaves no block with a mixture layer; expected at most "
            "model.depth = 2");
}

std::vector<std::string> student(std::vector<std::string> more) {
  more.insert(more.begin(), {"expert.count=1", "gate.kind=fixed", "student.teacher=runs/mixture"});
  return more;
}

TEST(Recipe, takes_a_dense_student_of_a_teacher_and_nothing_else) {
  EXPECT_EQ(refusal(student({})), "(nothing thrown)");
  EXPECT_EQ(refusal(student({"train.epochs=0"})), "(nothing thrown)");
  EXPECT_EQ(refusal(student({"loss.task=0", "loss.distillation=1"})), "(nothing thrown)");
  EXPECT_EQ(refusal({"student.teacher=runs/mixture"}),
            "--set: student.teacher with expert.count = 5; expected 1, since a student is dense");
  EXPECT_EQ(refusal(student({"student.gather=none"})),
            "--set: student.gather = \"none\" leaves nothing to take from the teacher; expected "
            "loss.distillation above 0, or another way");
  EXPECT_EQ(refusal(student({"start.run=runs/other", "start.experts=copy"})),
            "--set: student.teacher and start.run both say what the weights begin with; expected "
            "one of them");
  EXPECT_EQ(refusal(student({"student.gather=svd", "student.energy=0.9", "student.rank=3"})),
            "--set: student.energy and student.rank both say how much is kept; expected one of "
            "them");
  EXPECT_NE(refusal(student({"student.ranking=activation"})).find("of a Transformer's experts"),
            std::string::npos);
  EXPECT_EQ(refusal(student({"train.epochs=0", "train.average=2"})),
            "--set: train.average = 2 has no effect with train.epochs = 0; expected 0");
  EXPECT_EQ(refusal(student({"student.gather=random_init"})),
            "--set: student.gather = \"random_init\" leaves nothing of a whole network; expected "
            "\"none\", with loss.distillation above 0, or another way");
  EXPECT_EQ(refusal({"train.epochs=0"}),
            "--set: train.epochs = 0 trains nothing; expected at least 1, or a student that is "
            "folded");
}

TEST(Recipe, refuses_batch_norm_in_the_gate_of_a_mixture_layer) {
  EXPECT_EQ(
      refusal(encoder({"gate.layers=[\"linear 4\", \"batchnorm\", \"linear experts\"]"}, true)),
      "--set: gate.layers: batch norm in the gate of a mixture layer; expected none, since a step "
      "may have one decision");
}

TEST(Recipe, refuses_to_average_the_statistics_of_batch_norm) {
  RecipeDocument document;
  document.schema.set("train.average=2");
  document.schema.set("expert.layers=[\"linear 4\", \"batchnorm\", \"linear classes\"]");
  EXPECT_EQ(
      thrown<UserError>([&] { check(document.recipe, document.schema); }),
      "--set: train.average would average the statistics of batch norm, which belong to other "
      "weights; expected 0, or no batch norm");
}

TEST(Recipe, refuses_for_transformers_what_reads_the_answers_of_whole_networks) {
  EXPECT_EQ(refusal(encoder({"loss.similarity_same=0.1"}, true)),
            "--set: loss.similarity_same compares the inputs of whole networks; expected "
            "model.kind = \"mixture\", or 0");
  EXPECT_NE(refusal(encoder({"loss.similarity_different=0.1"}, true))
                .find("loss.similarity_different compares the inputs"),
            std::string::npos);
  for (const char* assignment : {"loss.kind=stochastic", "loss.kind=competitive",
                                 "loss.gate_correctness=1", "loss.gate_distillation=1"}) {
    const std::string key = std::string(assignment).substr(0, std::string(assignment).find('='));
    EXPECT_EQ(refusal(encoder({assignment}, true)),
              "--set: " + key +
                  " reads what every expert, or the gate of a teacher, would answer alone; "
                  "expected model.kind = \"mixture\", or another loss");
  }
  EXPECT_EQ(
      refusal(encoder({"gate.kind=classes", "gate.classes=[\"0\", \"1\"]"}, true)),
      "--set: gate.kind = \"classes\" is told the class of a sample, and mixture layers route "
      "tokens; expected another gate.kind, or model.kind = \"mixture\"");
}

TEST(Recipe, refuses_mutual_distillation_that_can_have_no_effect) {
  const std::string weight = "loss.mutual_distillation=0.3";
  const std::string begin = "--set: loss.mutual_distillation = 0.3 has no effect ";
  EXPECT_EQ(refusal({weight, "expert.count=1", "gate.kind=fixed"}),
            begin + "with expert.count = 1; expected more experts, or 0");
  EXPECT_EQ(refusal({weight, "gate.kind=switch", "loss.mutual_experts=chosen"}),
            begin +
                "with loss.mutual_experts = \"chosen\", since the gate chooses one expert; "
                "expected loss.mutual_experts = \"all\", or 0");
  EXPECT_NE(refusal({weight, "gate.kind=noisy_topk", "gate.k=1", "loss.mutual_experts=chosen"})
                .find("the gate chooses one expert"),
            std::string::npos);
  EXPECT_EQ(refusal({weight, "start.run=teacher", "start.experts=freeze"}),
            begin + "on frozen experts; expected start.experts = \"copy\" or \"draw\", or 0");
}

TEST(Recipe, refuses_mutual_distillation_weighted_by_a_gate_that_is_sure) {
  const std::vector<std::string> weighted = {"loss.mutual_distillation=0.3",
                                             "loss.mutual_form=gate_weighted"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), weighted.begin(), weighted.end());
    return refusal(more);
  };
  EXPECT_EQ(with({"gate.kind=fixed", "gate.weights=[0, 1, 0]", "expert.count=3"}),
            "--set: loss.mutual_distillation = 0.3 has no effect weighted by a gate that knows one "
            "expert a row; expected loss.mutual_form = \"squared\", or 0");
  EXPECT_EQ(with({"gate.kind=fixed", "gate.weights=[1, 1, 0]", "expert.count=3"}),
            "(nothing thrown)");
  // It teaches the gate.
  EXPECT_EQ(with({"start.run=teacher", "start.experts=freeze"}), "(nothing thrown)");
}

TEST(Recipe, refuses_keys_of_mutual_distillation_where_they_say_nothing) {
  const std::string weight = "loss.mutual_distillation=1";
  const std::vector<std::vector<std::string>> without_effect = {
      {"loss.mutual_form=kl"},
      {weight, "loss.mutual_experts=chosen"},
      {weight, "loss.mutual_temperature=2"}};
  for (const auto& assignments : without_effect)
    EXPECT_NE(refusal(assignments).find("has no effect"), std::string::npos) << assignments.back();
}

TEST(Recipe, takes_mutual_distillation_under_any_gate_of_several_experts) {
  for (const std::string kind :
       {"softmax", "attentive", "noisy_topk", "switch", "sigmoid", "fixed"}) {
    RecipeDocument document;
    document.schema.set("loss.mutual_distillation=0.3");
    document.schema.set("gate.kind=" + kind);
    EXPECT_NO_THROW(check(document.recipe, document.schema)) << kind;
  }
}

TEST(Recipe, refuses_a_mutual_distillation_below_zero) {
  RecipeDocument document;
  EXPECT_EQ(thrown<UserError>([&] { document.schema.set("loss.mutual_distillation=-0.1"); }),
            "--set: loss.mutual_distillation = -0.1; expected a number, at least 0");
}

TEST(Recipe, refuses_for_transformers_to_compare_predictions_of_their_experts) {
  EXPECT_NE(refusal({"model.kind=encoder", "loss.mutual_distillation=1", "loss.mutual_form=kl"})
                .find("reads what every expert"),
            std::string::npos);
}

TEST(Recipe, takes_the_terms_of_gates_for_mixture_layers) {
  EXPECT_EQ(
      refusal(encoder({"loss.importance=0.1", "loss.switch_balance=0.1", "loss.z_loss=0.1"}, true)),
      "(nothing thrown)");
}

TEST(Recipe, refuses_a_run_to_start_from_for_transformers) {
  EXPECT_EQ(
      refusal(encoder({"start.run=runs/a"}, true))
          .find("--set: start.run has no effect here; it is used where model.kind is mixture"),
      0u);
}

TEST(Recipe, refuses_to_average_weights_and_to_keep_the_best) {
  EXPECT_EQ(refusal({"train.average=2", "train.patience=3"}),
            "--set: train.average and train.patience both choose the weights that count; expected "
            "one");
  EXPECT_EQ(refusal({"train.average=2"}), "(nothing thrown)");
}

TEST(Recipe, refuses_beta2_where_no_squares_are_averaged_by_it) {
  for (const char* kind : {"sgd", "rmsprop"})
    EXPECT_NE(refusal({fmt::format("train.optimiser={}", kind), "train.beta2=0.9"})
                  .find("train.beta2 has no effect here"),
              std::string::npos);
  EXPECT_EQ(refusal({"train.optimiser=adamw", "train.beta2=0.98"}), "(nothing thrown)");
  RecipeDocument document;
  EXPECT_EQ(thrown<UserError>([&] { document.schema.set("train.beta2=1"); }),
            "--set: train.beta2 = 1; expected a number, at least 0 and below 1");
  EXPECT_EQ(thrown<UserError>([&] { document.schema.set("train.average=-1"); }),
            "--set: train.average = -1; expected an integer, at least 0");
}

TEST(Recipe, steps_are_alike_where_all_experts_run_and_nothing_is_drawn) {
  const auto alike = [](const std::vector<std::string>& settings) {
    RecipeDocument document;
    for (const std::string& setting : settings) document.schema.set(setting);
    return steps_are_alike(document.recipe);
  };
  for (const char* gate : {"softmax", "attentive", "fixed"})
    EXPECT_TRUE(alike({fmt::format("gate.kind={}", gate)}));
  for (const char* gate : {"noisy_topk", "switch", "sigmoid", "classes"})
    EXPECT_FALSE(alike({fmt::format("gate.kind={}", gate)}));
  EXPECT_FALSE(alike({R"(expert.layers=["linear 4", "dropout .5", "linear classes"])"}));
  EXPECT_FALSE(alike({R"(gate.layers=["dropout .5", "linear experts"])"}));
  EXPECT_FALSE(alike({"loss.mutual_distillation=.1"}));
  EXPECT_FALSE(alike({"model.kind=vit"}));
}

}  // namespace
}  // namespace moestro
