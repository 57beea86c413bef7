#include "moestro/lifecycle/export_run.h"

#include "lifecycle/text_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/version.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"
#include "store/protobuf_fields.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

const Words kDense = {"expert.count=1", "gate.kind=fixed",
                      "gate.layers=", "loss.importance=", "train.epochs=1"};

class ExportRun : public RunTest {
 protected:
  void train_dense(const Settings& more = {}) {
    Settings settings = kDense;
    settings.insert(settings.end(), more.begin(), more.end());
    train(settings);
  }
  std::string refused(const std::string& out, bool force = false) const {
    const std::string message = thrown<UserError>([&] { export_run(run_, folder_ / out, force); });
    EXPECT_FALSE(fs::exists(folder_ / out) && !force) << out;
    return message;
  }
};

TEST_F(ExportRun, weights_lose_their_expert_axis_and_the_gate) {
  train_dense();
  export_run(run_, folder_ / "x.safetensors");
  const SafetensorsFile file(folder_ / "x.safetensors");
  std::map<std::string, Tensor> expected = last_weights();
  EXPECT_EQ(file.names(), (Words{"0.weight", "0.bias", "2.weight", "2.bias"}));
  EXPECT_EQ(file.shape("0.weight"), (Shape{4, 6}));
  for (const std::string& name : file.names())
    EXPECT_TRUE(at::equal(file.tensor(name), expected.at("experts." + name)[0])) << name;
}

TEST_F(ExportRun, metadata_say_what_turns_rows_into_inputs) {
  train_dense();
  export_run(run_, folder_ / "x.safetensors");
  const auto metadata = SafetensorsFile(folder_ / "x.safetensors").metadata();
  const nlohmann::json data = json("data.json");
  EXPECT_EQ(metadata.at("format"), "moestro");
  EXPECT_EQ(metadata.at("version"), version());
  EXPECT_EQ(metadata.at("run"), "run");
  EXPECT_EQ(metadata.at("recipe"), get(run_ / "recipe.toml"));
  EXPECT_EQ(metadata.at("linear_weights"), "[in, out]");
  EXPECT_EQ(metadata.at("inputs"), "[\"x\",\"y\",\"colour = green\",\"colour = red\"]");
  for (const char* key : {"class_names", "normaliser", "table"})
    EXPECT_EQ(nlohmann::json::parse(metadata.at(key)), data.at(key)) << key;
  EXPECT_FALSE(metadata.contains("text"));
}

TEST_F(ExportRun, graphs_take_raw_rows_and_give_probabilities_and_logits) {
  train_dense();
  export_run(run_, folder_ / "x.onnx");
  const ProtobufFields model(get(folder_ / "x.onnx")), graph = model.message(7);
  EXPECT_EQ(graph.content(2), "run");
  EXPECT_EQ(graph.message(11).content(1), "input");
  ASSERT_EQ(graph.contents.at(12).size(), 2u);
  EXPECT_EQ(ProtobufFields(graph.contents.at(12)[0]).content(1), "probabilities");
  EXPECT_EQ(ProtobufFields(graph.contents.at(12)[1]).content(1), "logits");
  Words operators;
  for (const std::string& node : graph.contents.at(1))
    operators.push_back(ProtobufFields(node).content(4));
  EXPECT_EQ(operators, (Words{"Sub", "Div", "MatMul", "Add", "Relu", "MatMul", "Add", "Softmax",
                              "Identity", "Identity"}));
}

TEST_F(ExportRun, values_leave_in_the_units_of_the_target) {
  write_houses();
  train_dense(houses_settings());
  export_run(run_, folder_ / "x.onnx");
  const ProtobufFields graph = ProtobufFields(get(folder_ / "x.onnx")).message(7);
  EXPECT_EQ(graph.message(12).content(1), "value");
  export_run(run_, folder_ / "x.safetensors");
  EXPECT_FALSE(SafetensorsFile(folder_ / "x.safetensors").metadata().contains("class_names"));
}

TEST_F(ExportRun, other_endings_are_refused_before_the_run_is_looked_at) {
  for (const char* name : {"x.pt", "x", "onnx", "x.onnx.txt"})
    EXPECT_TRUE(ends_with(refused(name), std::string(name) +
                                             ": unknown kind of file; expected a name that ends in "
                                             ".onnx or .safetensors"));
}

TEST_F(ExportRun, a_file_that_is_there_is_replaced_by_force_alone) {
  train_dense();
  for (const char* name : {"x.onnx", "x.safetensors"}) {
    put(folder_ / name, "old");
    EXPECT_EQ(thrown<UserError>([&] { export_run(run_, folder_ / name); }),
              (folder_ / name).string() + " exists; use --force to replace it");
    EXPECT_EQ(get(folder_ / name), "old");
    export_run(run_, folder_ / name, /*force=*/true);
    EXPECT_GT(get(folder_ / name).size(), 100u);
  }
}

TEST_F(ExportRun, mixtures_are_refused) {
  train({"train.epochs=1"});
  for (const char* name : {"x.onnx", "x.safetensors"})
    EXPECT_EQ(refused(name), run_.string() +
                                 ": a mixture of 2 experts; expected a dense run (moestro densify "
                                 "makes one)");
}

TEST_F(ExportRun, unfinished_runs_are_refused) {
  EXPECT_THROW(train({"train.optimiser=sgd", "train.rate=1e30"}), SystemError);
  EXPECT_EQ(refused("x.onnx"),
            run_.string() + ": the run is not finished; expected a finished one");
  EXPECT_TRUE(contains(thrown<UserError>([&] { export_run(folder_ / "none", folder_ / "x.onnx"); }),
                       "no such run folder"));
}

TEST_F(ExportRun, batch_norm_that_looks_at_other_rows_is_refused) {
  train_dense({"expert.layers=[\"linear 6\", \"batchnorm eval=batch\", \"linear classes\"]"});
  for (const char* name : {"x.onnx", "x.safetensors"})
    EXPECT_EQ(refused(name),
              run_.string() +
                  ": expert.layers[1] \"batchnorm eval=batch\" answers by the other rows of a "
                  "batch; expected \"batchnorm\", with running statistics");
}

class ExportTranslator : public PairsTest {};

TEST_F(ExportTranslator, is_refused) {
  train({"train.epochs=1"});
  EXPECT_EQ(thrown<UserError>([&] { export_run(run_, folder_ / "x.onnx"); }),
            run_.string() +
                ": a translator, whose search for words is no single graph; expected a run that "
                "answers with classes or values");
}

class ExportEncoder : public ReviewsTest {};

TEST_F(ExportEncoder, takes_tokens_of_any_length_and_shares_what_blocks_share) {
  train({"train.epochs=1", "model.depth=3", "model.share_depth=true"});
  export_run(run_, folder_ / "x.onnx");
  const ProtobufFields graph = ProtobufFields(get(folder_ / "x.onnx")).message(7);
  const ProtobufFields type = graph.message(11).message(2).message(1), shape = type.message(2);
  EXPECT_EQ(graph.message(11).content(1), "tokens");
  EXPECT_EQ(type.number(1), 7u);  // int64
  EXPECT_EQ(ProtobufFields(shape.contents.at(1)[1]).content(2), "length");
  int shared = 0;
  for (const std::string& constant : graph.contents.at(5))
    shared += ProtobufFields(constant).content(8) == "encoder.shared.attention.qkv.weight";
  EXPECT_EQ(shared, 1);
  export_run(run_, folder_ / "x.safetensors");
  const SafetensorsFile file(folder_ / "x.safetensors");
  EXPECT_EQ(file.shape("encoder.shared.attention.qkv.weight"), (Shape{16, 48}));
  EXPECT_EQ(file.shape("embeddings.tokens"), (Shape{64, 16}));
  EXPECT_EQ(nlohmann::json::parse(file.metadata().at("text")), json("data.json")["text"]);
}

TEST_F(ExportEncoder, with_mixture_layers_is_refused) {
  train(joined(with_mixture_layers(), {"train.epochs=1"}));
  EXPECT_TRUE(
      ends_with(thrown<UserError>([&] { export_run(run_, folder_ / "x.onnx"); }),
                ": a mixture of 3 experts; expected a dense run (moestro densify makes one)"));
}

}  // namespace
}  // namespace moestro::testing
