#include "moestro/report/run_page.h"

#include <cmath>
#include <regex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "report/page_parts.h"
#include "report/run_fixture.h"
#include "report/well_formed.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::count;
using testing::has;
using testing::MadeUpRun;
using testing::xml_fault;

std::string page_of(const MadeUpRun& run, const std::string& name = "attentive") {
  testing::TemporaryFolder folder;
  testing::write_run(folder / name, run);
  return run_page(read_run(folder / name));
}

TEST(RunPage, of_a_mixture_shows_everything) {
  const std::string page = page_of({});
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "Five experts, all in use"));
  EXPECT_EQ(count(page, "<article class=\"expert"), 5u);
  EXPECT_EQ(count(page, "src=\"data:image/png;base64,"), 10u);
  for (const char* title :
       {"Which expert takes which class", "Accuracy of each expert", ">Error<", ">Loss<",
        "Which expert is chosen", "Entropy of the gate", "Who would have been right",
        "How much of the work each expert gets", "Where the experts&#39; samples lie"})
    EXPECT_TRUE(has(page, title)) << title;
  EXPECT_TRUE(has(page, "I(E;Y)"));
  EXPECT_TRUE(has(page, "<summary>recipe.toml"));
  EXPECT_TRUE(has(page, "layers = [&quot;linear 64&quot;"));
  EXPECT_TRUE(has(page, std::string(64, 'a')));  // the digest of the data
}

TEST(RunPage, asks_nothing_of_the_network_and_runs_no_script) {
  const std::string page = page_of({});
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "@import"));
  EXPECT_FALSE(has(page, "url("));
  const std::regex reference("(src|href)=\"([^\"]*)\"");
  for (std::sregex_iterator at(page.begin(), page.end(), reference), end; at != end; ++at)
    EXPECT_TRUE((*at)[2].str().starts_with("data:")) << (*at)[0];
}

TEST(RunPage, fits_a_phone_and_follows_light_and_dark) {
  const std::string page = page_of({});
  EXPECT_TRUE(has(page, "name=\"viewport\" content=\"width=device-width"));
  EXPECT_TRUE(has(page, "prefers-color-scheme:dark"));
  EXPECT_FALSE(std::regex_search(page, std::regex("<svg[^>]* width=")));
}

TEST(RunPage, of_one_expert_has_no_gate_to_show) {
  MadeUpRun run;
  run.experts = 1;
  const std::string page = page_of(run);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "One expert alone"));
  EXPECT_FALSE(has(page, "Which expert"));
  EXPECT_FALSE(has(page, "Entropy of the gate"));
  EXPECT_TRUE(has(page, "768,900"));
}

TEST(RunPage, of_regression_shows_errors_in_the_units_of_the_target) {
  MadeUpRun run;
  run.regression = true;
  run.channels = 0;
  run.error = 2.3141;
  const std::string page = page_of(run);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "2.314"));
  EXPECT_TRUE(has(page, "Root mean squared error of each expert"));
  EXPECT_FALSE(has(page, "Which expert takes which class"));
  EXPECT_FALSE(has(page, "I(E;Y)"));
  EXPECT_FALSE(has(page, "231.4"));
  EXPECT_TRUE(has(page, "How much of the work each expert gets"));
  EXPECT_FALSE(has(page, "Who would have been right"));
  EXPECT_FALSE(has(page, "specialisation</dt>"));
  EXPECT_TRUE(has(page, "Alone, experts have a root mean squared error of 0.1 on their own"));
  EXPECT_FALSE(has(page, "say the same"));
}

TEST(RunPage, says_who_would_have_been_right) {
  const std::string page = page_of({});
  EXPECT_TRUE(has(page, "<title>Expert 2 answers 90.0 % of its own samples rightly</title>"));
  EXPECT_TRUE(has(page,
                  "<title>Of the samples of expert 1, expert 3 answers 20.0 % rightly; 3 "
                  "that the owner gets wrong</title>"));
  EXPECT_TRUE(has(page, "Some expert is right about 95.50\u00A0% of all samples"));
  EXPECT_TRUE(has(page, "<td>4.50 %</td>"));  // the error of a gate that knew
}

TEST(RunPage, shows_each_expert_alone) {
  const std::string page = page_of({});
  EXPECT_TRUE(has(page, "<h2>Each expert alone</h2>"));
  EXPECT_TRUE(has(page,
                  "Alone, experts get 10.00\u00A0% of their own samples wrong and "
                  "80.00\u00A0% of the others&#39;: each knows its own part"));
  EXPECT_TRUE(has(page, "V = 1.25 apart"));
  MadeUpRun run;
  run.idle = {2};
  const std::string idle = page_of(run);
  EXPECT_EQ(xml_fault(idle), "");
  EXPECT_TRUE(has(idle, "</i>2</th><td>0.0 %</td><td>–</td><td>80.00 %</td><td>66.00 %</td>"));
}

TEST(RunPage, of_a_folder_that_was_not_probed_leaves_that_out) {
  MadeUpRun run;
  run.probing = false;
  const std::string page = page_of(run);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_FALSE(has(page, "Each expert alone"));
  EXPECT_TRUE(has(page, "Who would have been right"));
}

TEST(RunPage, of_a_folder_of_the_first_version_shows_what_there_is) {
  MadeUpRun run;
  run.schema = 1;
  const std::string page = page_of(run);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_EQ(count(page, "src=\"data:image/png;base64,"), 10u);
  EXPECT_TRUE(has(page, "Which expert takes which class"));
  EXPECT_TRUE(has(page, "How much of the work each expert gets"));
  EXPECT_FALSE(has(page, "Who would have been right"));
  EXPECT_FALSE(has(page, "typical"));
  EXPECT_FALSE(has(page, "always picked"));
}

TEST(RunPage, without_pictures_still_has_a_card_an_expert) {
  MadeUpRun run;
  run.channels = 0;
  const std::string page = page_of(run);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_EQ(count(page, "<article class=\"expert"), 5u);
  EXPECT_FALSE(has(page, "<img"));
}

TEST(RunPage, of_a_run_without_an_end_shows_what_there_is) {
  for (const char* status : {"running", "interrupted", "failed"}) {
    for (int64_t epochs : {0, 1, 3}) {
      MadeUpRun run;
      run.status = status;
      run.epochs = epochs;
      const std::string page = page_of(run);
      EXPECT_EQ(xml_fault(page), "");
      EXPECT_TRUE(has(page, "class=\"notice\"")) << status;
      EXPECT_EQ(has(page, "Which expert is chosen"), epochs > 0);
      EXPECT_TRUE(has(page, epochs > 0 ? ">epoch<" : ">step<"));
    }
  }
  EXPECT_FALSE(has(page_of({}), "class=\"notice\""));
}

TEST(RunPage, without_any_metrics_is_a_page_still) {
  RunRecord run;
  run.name = "empty";
  run.manifest.status = RunStatus::running;
  EXPECT_EQ(xml_fault(run_page(run)), "");
}

TEST(RunPage, holds_twenty_experts_and_a_hundred_classes) {
  MadeUpRun run;
  run.experts = 20;
  run.channels = 3;
  run.idle = {4, 11};
  run.classes.clear();
  for (int i = 0; i < 100; ++i) run.classes.push_back(fmt::format("class {}", i));
  const std::string page = page_of(run);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_EQ(count(page, "<article class=\"expert"), 18u);
  EXPECT_TRUE(has(page, "Experts 4, 11 get no sample."));
  EXPECT_TRUE(has(page, "class 99, expert 19"));
}

TEST(RunPage, gives_an_expert_the_same_colour_everywhere) {
  const std::string page = page_of({});
  EXPECT_TRUE(has(page, "<article class=\"expert c3\">\n<h3><b>3</b>"));
  EXPECT_TRUE(has(page, "<polygon class=\"area c3\""));
  EXPECT_TRUE(std::regex_search(page, std::regex("class=\"fill c3\"[^>]*><title>expert 3, on")));
  EXPECT_TRUE(
      std::regex_search(page, std::regex("class=\"fill c3\"[^>]*><title>Dress, expert 3:")));
}

TEST(RunPage, lets_no_text_of_a_file_become_markup) {
  MadeUpRun run;
  run.classes = {"<script>alert(1)</script>", "\"><img src=x>", "a&b", "it's", "]]>"};
  const std::string page = page_of(run, "<b>name&");
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "<img src=x"));
  EXPECT_FALSE(has(page, "<b>name"));
  EXPECT_TRUE(has(page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_TRUE(has(page, "&lt;b&gt;name&amp;"));
}

TEST(RunPage, shows_no_nan) {
  testing::TemporaryFolder folder;
  testing::write_run(folder / "run");
  RunRecord run = read_run(folder / "run");
  run.summary->test = {};
  run.summary->seconds = kNotKnown;
  run.summary->hard_top1_error = run.summary->calibration_error = kNotKnown;
  *run.summary->specialisation = {};
  for (EpochRecord& epoch : run.metrics.epochs) {
    epoch.train = epoch.valid = {};
    epoch.usage.assign(5, kNotKnown);
    epoch.sample_entropy = INFINITY;
  }
  for (StepRecord& step : run.metrics.steps) step.loss = kNotKnown;
  run.inspection->usage.assign(5, kNotKnown);
  run.inspection->accuracy.clear();
  const std::string page = run_page(run);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_FALSE(std::regex_search(page, std::regex("[^a-z](nan|inf)[^a-z]")));
}

TEST(RunPage, frames_pictures_that_are_taken_for_another_class) {
  const std::string page = page_of({});
  EXPECT_EQ(count(page, "<img class=\"wrong\""), 4u);  // expert 0's second one is right by chance
  EXPECT_TRUE(has(page, "Row 18: Trouser, taken for T-shirt/top; the gate chose"));
}

}  // namespace
}  // namespace moestro
