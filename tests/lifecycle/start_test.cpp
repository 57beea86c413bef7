#include "lifecycle/run_fixture.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

class StartTest : public RunTest {
 protected:
  // The run `first`, then one that starts from it.
  // Without validation rows, which another seed would draw otherwise.
  void train_first(Settings settings = {}) {
    run_ = folder_ / "first";
    settings.push_back("data.validation=0");
    train(settings);
    first_ = last_weights();
    run_ = folder_ / "second";
  }
  std::string from_first() const { return "start.run=" + (folder_ / "first").string(); }
  void train_second(Settings settings) {
    settings.insert(settings.end(), {from_first(), "train.seed=9", "data.validation=0"});
    train(settings);
  }
  std::string refusal(Settings settings) {
    settings.push_back("data.validation=0");
    return thrown<UserError>([&] { train(settings); });
  }
  bool kept(const std::string& name) const {
    return at::equal(last_weights().at(name), first_.at(name));
  }

  std::map<std::string, Tensor> first_;
};

TEST_F(StartTest, frozen_experts_stay_exactly_as_they_were_and_the_gate_learns) {
  train_first();
  train_second({"start.experts=freeze", "train.weight_decay=0.1"});
  int64_t experts = 0, gate = 0;
  for (const auto& [name, tensor] : last_weights()) {
    const bool of_experts = name.starts_with("experts."), of_gate = name.starts_with("gate.");
    experts += of_experts;
    gate += of_gate;
    if (of_experts || of_gate) {
      EXPECT_EQ(kept(name), of_experts) << name;
    }
  }
  EXPECT_GT(experts, 0);
  EXPECT_GT(gate, 0);
}

TEST_F(StartTest, a_frozen_gate_keeps_the_split_while_new_experts_learn) {
  train_first();
  train_second({"start.gate=freeze"});
  for (const auto& [name, tensor] : last_weights())
    if (name.starts_with("gate.") || name.starts_with("experts.")) {
      EXPECT_EQ(kept(name), name.starts_with("gate.")) << name;
    }
  const auto split = [&](const char* run) {
    return read_json_file(folder_ / run / "inspection.json").at("usage");
  };
  EXPECT_EQ(split("first"), split("second"));
}

TEST_F(StartTest, a_copy_begins_there_and_goes_on_learning) {
  train_first();
  train_second({"start.experts=copy", "start.gate=copy", "train.rate=1e-12"});
  for (const auto& [name, tensor] : first_)
    if (name.starts_with("experts.") || name.starts_with("gate.")) {
      EXPECT_TRUE(at::allclose(last_weights().at(name), tensor, 1e-4, 1e-6)) << name;
    }
}

TEST_F(StartTest, a_trunk_is_the_network_of_the_gate_without_its_last_layer) {
  train_first({"gate.kind=attentive", "gate.layers=[\"linear 6\", \"relu\", \"linear experts\"]"});
  train_second({"start.experts=freeze", "start.gate=trunk", "gate.kind=softmax",
                "gate.layers=[\"linear 6\", \"relu\", \"linear experts\"]", "train.rate=1e-12"});
  EXPECT_TRUE(
      at::allclose(last_weights().at("gate.0.weight"), first_.at("gate.0.weight"), 1e-4, 1e-6));
  EXPECT_EQ(first_.count("gate.2.weight"), 0u);
}

TEST_F(StartTest, a_gate_distilled_from_its_teacher_comes_close_to_it) {
  const std::string layers = "gate.layers=[\"linear 6\", \"relu\", \"linear experts\"]";
  train_first({"gate.kind=attentive", layers, "train.epochs=8"});
  const Settings distil = {"start.experts=freeze", "gate.kind=softmax", layers,
                           "loss.task=0",          "loss.importance=0", "loss.gate_distillation=1"};
  const auto divergence = [&] {
    double last = NAN;
    std::istringstream lines(get(run_ / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry.contains("terms")) last = entry["terms"].at("gate_distillation").get<double>();
    }
    return last;
  };
  Settings brief = distil;
  brief.push_back("train.epochs=10");
  brief.push_back("train.rate=1e-9");
  train_second(brief);
  const double before = divergence();
  run_ = folder_ / "third";
  Settings whole = distil;
  whole.push_back("train.epochs=20");
  train_second(whole);
  EXPECT_LT(divergence(), .5 * before);
}

TEST_F(StartTest, similarity_may_be_that_of_a_runs_hidden_layers) {
  train_first();
  const Settings features = {"data.validation=0", "loss.similarity_same=0.5",
                             "loss.similarity_distance=features",
                             "loss.similarity_run=" + (folder_ / "first").string()};
  train(features);
  const auto by_features = last_weights();
  run_ = folder_ / "third";
  train({"data.validation=0", "loss.similarity_same=0.5"});
  EXPECT_FALSE(same(last_weights(), by_features));
  run_ = folder_ / "fourth";
  EXPECT_NE(refusal({"loss.similarity_same=0.5", "loss.similarity_distance=features",
                     "loss.similarity_run=" + (folder_ / "gone").string()})
                .find("gone"),
            std::string::npos);
}

TEST_F(StartTest, says_what_does_not_fit) {
  train_first();
  EXPECT_NE(refusal({from_first(), "start.experts=copy", "expert.count=3"}).find("start.experts"),
            std::string::npos);
  EXPECT_NE(refusal({from_first()}).find("has no effect; expected start.experts"),
            std::string::npos);
  EXPECT_NE(refusal({from_first(), "start.experts=freeze", "start.gate=freeze"})
                .find("freeze everything"),
            std::string::npos);
  EXPECT_NE(refusal({from_first(), "start.experts=copy", "data.mean=[0.5]", "data.deviation=[2]"})
                .find("normalised otherwise"),
            std::string::npos);
  EXPECT_NE(
      refusal({"start.run=" + (folder_ / "gone").string(), "start.experts=copy"}).find("gone"),
      std::string::npos);
  EXPECT_NE(refusal({"start.experts=copy"}).find("has no effect here"), std::string::npos);
  EXPECT_NE(refusal({from_first(), "start.gate=freeze", "gate.kind=switch"})
                .find("expected the same [gate] to freeze it"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(run_));
}

}  // namespace
}  // namespace moestro::testing
