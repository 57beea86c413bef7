#include <cmath>
#include <regex>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/report/compare_page.h"
#include "moestro/report/finding.h"
#include "moestro/report/run_page.h"
#include "moestro/report/run_table.h"
#include "report/page_parts.h"
#include "report/run_fixture.h"
#include "report/transformer_fixture.h"
#include "report/well_formed.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::has;
using testing::MadeUpTransformer;
using testing::xml_fault;

class TransformerRun : public ::testing::Test {
 protected:
  RunRecord made(const MadeUpTransformer& run, const std::string& name = "run") {
    testing::write_transformer_run(folder_ / name, run);
    return read_run(folder_ / name);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(TransformerRun, is_read_with_its_layers) {
  const RunRecord run = made({});
  EXPECT_TRUE(run.is_transformer());
  EXPECT_EQ(run.experts(), 0);
  ASSERT_EQ(run.layers().size(), 2u);
  EXPECT_EQ(run.layers()[1].layer, "encoder.3");
  EXPECT_EQ(run.layer_experts(), 4);
  EXPECT_EQ(run.task(), Task::classes);
  EXPECT_EQ(run.metrics.epochs[0].layers[1].usage, (std::vector<double>{.1, .2, .3, .4}));
  EXPECT_EQ(run.metrics.epochs[0].layers[1].sample_entropy, .35);
}

TEST_F(TransformerRun, of_translations_is_rated_by_bleu) {
  const RunRecord run = made({.kind = "translator"});
  EXPECT_EQ(run.task(), Task::translation);
  EXPECT_EQ(run.summary->bleu, 28.41);
  EXPECT_NEAR(run.summary->bleu_lowercase, 29.11, 1e-12);
  EXPECT_TRUE(std::isnan(made({}, "other").summary->bleu));
}

TEST_F(TransformerRun, of_values_is_told_by_its_loss) {
  RunRecord run = made({});
  run.recipe += "kind = \"expectation\"\n[loss]\nkind = \"least_squares\"\n";
  EXPECT_EQ(run.task(), Task::classes);  // the first one counts
  run.recipe = "[model]\nkind = \"vit\"\n[loss]\nkind = \"least_squares\"\n";
  EXPECT_EQ(run.task(), Task::values);
}

TEST_F(TransformerRun, finds_what_it_is_made_of) {
  EXPECT_EQ(finding(made({})),
            "A Transformer with two mixture layers of four experts each, all in use: test error "
            "9.87 %.");
  EXPECT_EQ(finding(made({.kind = "vit", .layers = 1})),
            "A Vision Transformer with a mixture layer of four experts, all in use: test error "
            "9.87 %.");
  EXPECT_EQ(finding(made({.kind = "translator", .layers = 4})),
            "A translator with four mixture layers of four experts each, all in use: BLEU 28.41 on "
            "the test set.");
  std::filesystem::remove_all(folder_ / "run");
  EXPECT_EQ(finding(made({.layers = 0})), "A dense Transformer: test error 9.87 %.");
}

TEST_F(TransformerRun, finds_how_many_experts_of_all_layers_are_in_use) {
  RunRecord run = made({});
  run.inspection->layers[0].usage = {.5, .5, 0, 0};
  EXPECT_TRUE(finding(run).starts_with(
      "A Transformer with two mixture layers of four experts each, 6 of 8 in use: "));
}

TEST_F(TransformerRun, without_an_end_says_how_far_it_came) {
  EXPECT_EQ(finding(made({.epochs = 2, .status = "running"})),
            "A Transformer with two mixture layers of four experts each, still in training after "
            "epoch 2: validation error 20.87 %.");
  EXPECT_EQ(finding(made({.kind = "translator", .epochs = 2, .status = "running"})),
            "A translator with two mixture layers of four experts each, still in training after "
            "epoch 2: 20.87 % of the validation tokens wrong.");
  EXPECT_EQ(finding(made({.epochs = 0, .status = "failed"})),
            "A Transformer with mixture layers of four experts, failed before the end of the first "
            "epoch.");
}

TEST_F(TransformerRun, page_shows_its_layers) {
  const std::string page = run_page(made({}));
  EXPECT_EQ(xml_fault(page), "");
  for (const char* part :
       {"<h2>Mixture layers</h2>", "Which expert is chosen: encoder.3", ", scores of the gate",
        "H<sub>s</sub>: how much each gate hesitates",
        "<dt>Experts used</dt><dd class=\"big\">8 of 8", "</i>encoder.1</li>", "768,900"})
    EXPECT_TRUE(has(page, part)) << part;
  for (const char* part : {"I(E;Y)", "What each expert learned", "chosen expert alone",
                           "How the work is split", "Entropy of the gate, bits"})
    EXPECT_FALSE(has(page, part)) << part;
}

TEST_F(TransformerRun, page_of_a_dense_one_has_nothing_empty) {
  for (const char* kind : {"encoder", "vit", "translator"}) {
    const std::string page = run_page(made({.kind = kind, .layers = 0}));
    EXPECT_EQ(xml_fault(page), "");
    const std::string body = page.substr(page.find("<body>"));
    for (const char* part : {"xpert", "ixture", "gate"})
      EXPECT_FALSE(has(body.substr(0, body.find("recipe.toml")), part)) << kind << ": " << part;
    EXPECT_FALSE(std::regex_search(body, std::regex("[^a-z](nan|NaN|inf)[^a-z]")));
    EXPECT_TRUE(has(page, "How it trained"));
  }
}

TEST_F(TransformerRun, page_of_translations_shows_bleu) {
  const std::string page = run_page(made({.kind = "translator"}));
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "<dt>BLEU</dt><dd class=\"big\">28.41</dd>"));
  EXPECT_TRUE(has(page, "Without regard to case: 29.11."));
  EXPECT_TRUE(has(page, "Share of wrong tokens"));
  EXPECT_FALSE(has(page, "71.59"));
  EXPECT_FALSE(has(page, "Test error"));
  EXPECT_TRUE(has(page, "<b>decoder.1</b>"));
}

TEST_F(TransformerRun, page_without_an_end_shows_what_there_is) {
  for (int64_t epochs : {0, 1, 3}) {
    const std::string page = run_page(made({.epochs = epochs, .status = "interrupted"}));
    EXPECT_EQ(xml_fault(page), "");
    EXPECT_EQ(has(page, "Which expert is chosen: encoder.1"), epochs > 0);
  }
}

TEST_F(TransformerRun, table_has_the_columns_that_some_run_fills) {
  EXPECT_EQ(run_table({made({}, "moe"), made({.layers = 0}, "dense"),
                       made({.status = "running"}, "second")},
                      Rules::none),
            "arm     test error  experts used  parameters  seconds\n"
            "moe         9.87 %        8 of 8     768,900     61.2\n"
            "dense       9.87 %         dense     768,900     61.2\n"
            "second           –        – of 8           –        –\n");
  EXPECT_EQ(run_table({made({.kind = "translator"}, "translator")}, Rules::none),
            "arm          BLEU  experts used  parameters  seconds\n"
            "translator  28.41        8 of 8     768,900     61.2\n");
}

TEST_F(TransformerRun, text_after_training_says_what_each_layer_does) {
  const std::string text = run_text(made({}), Rules::none);
  EXPECT_NE(text.find("\nencoder.3: 4 of 4 experts used;"), std::string::npos);
}

TEST_F(TransformerRun, comparison_of_translations_names_the_highest_bleu) {
  const std::string page =
      compare_page("study", {made({.kind = "translator"}, "mixture"),
                             made({.kind = "translator", .layers = 0, .bleu = 27}, "dense")});
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "Two runs: mixture has the highest BLEU, 28.41."));
  EXPECT_TRUE(has(page, "<td class=\"best\">28.41</td>"));
  EXPECT_TRUE(has(page, "Validation share of wrong tokens"));
  EXPECT_FALSE(has(page, "test error"));
  EXPECT_FALSE(has(page, "I(E;Y)"));
}

TEST_F(TransformerRun, comparison_with_whole_networks_shows_both_scores) {
  testing::write_run(folder_ / "attentive");
  const std::string page = compare_page(
      "all", {read_run(folder_ / "attentive"), made({.kind = "translator"}, "translator")});
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "<th scope=\"col\">BLEU</th>"));
  EXPECT_TRUE(has(page, "<th scope=\"col\">test error</th>"));
  EXPECT_FALSE(has(page, "class=\"best\""));
}

TEST_F(TransformerRun, with_other_layers_in_a_later_epoch_is_refused) {
  made({});
  const auto path = folder_ / "run" / "metrics.jsonl";
  std::string text = testing::get(path);
  text.replace(text.rfind("encoder.3"), 9, "encoder.4");
  testing::put(path, text);
  EXPECT_NE(testing::thrown<UserError>([&] {
              read_run(folder_ / "run");
            }).find("encoder.4 of 4 experts, expected encoder.3 of 4 as before"),
            std::string::npos);
}

}  // namespace
}  // namespace moestro
