#include "moestro/report/layer_section.h"

#include <gtest/gtest.h>

#include "report/page_parts.h"
#include "report/transformer_fixture.h"
#include "report/well_formed.h"

namespace moestro {
namespace {

using testing::count;
using testing::has;
using testing::MadeUpTransformer;

std::string section_of(const MadeUpTransformer& run) {
  return layer_section(inspection_record(testing::layers_inspection(run), "x"));
}

TEST(LayerSection, shows_all_layers_together_and_each_by_itself) {
  const std::string html = section_of({});
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_TRUE(has(html, "<h2>Mixture layers</h2>"));
  EXPECT_TRUE(has(html, "Which experts each layer chooses"));
  EXPECT_TRUE(has(html, "<title>encoder.3, expert 2: 30.0 % of the choices</title>"));
  EXPECT_TRUE(has(html, "Entropy of each layer&#39;s gate"));
  EXPECT_EQ(count(html, "<details"), 2u);
  EXPECT_TRUE(has(html, "<b>encoder.1</b>: 4 of 4 experts used; expert 3 gets most"));
  EXPECT_EQ(count(html, "<h3>By place in the sentence"), 2u);
  EXPECT_TRUE(has(html, ">places 2–3</text>"));
  EXPECT_TRUE(has(html, "<span title=\"980 times\">▁the <small>97 %</small></span>"));
}

TEST(LayerSection, opens_the_first_of_many_layers) {
  MadeUpTransformer run;
  run.layers = 12;
  const std::string html = section_of(run);
  EXPECT_EQ(count(html, "<details"), 12u);
  EXPECT_EQ(count(html, "open=\"open\""), 1u);
}

TEST(LayerSection, of_images_speaks_of_patches) {
  MadeUpTransformer run;
  run.kind = "vit";
  run.layers = 1;
  const std::string html = section_of(run);
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_TRUE(has(html, "<h2>The mixture layer</h2>"));
  EXPECT_TRUE(has(html, "By place in the image"));
  EXPECT_TRUE(has(html, ">patches 2–3</text>"));
  EXPECT_FALSE(has(html, "Tokens most typical"));
  EXPECT_FALSE(has(html, "sentence"));
}

TEST(LayerSection, lets_no_token_become_markup) {
  const std::string html = section_of({});
  EXPECT_FALSE(has(html, "<b>▁"));
  EXPECT_FALSE(has(html, "▁<b>"));
  EXPECT_TRUE(has(html, "▁&lt;b&gt;"));
}

TEST(LayerSection, without_places_or_tokens_is_its_finding) {
  InspectionRecord inspection = inspection_record(testing::layers_inspection({.kind = "vit"}), "x");
  for (LayerRecord& layer : inspection.layers) layer.positions.clear();
  const std::string html = layer_section(inspection);
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_FALSE(has(html, "<details"));
  EXPECT_EQ(count(html, "<p class=\"layer\">"), 2u);
}

TEST(LayerSection, of_layers_with_different_counts_of_experts_leaves_cells_empty) {
  InspectionRecord inspection = inspection_record(testing::layers_inspection({}), "x");
  const auto more = inspection_record(testing::layers_inspection({.experts = 6}), "x");
  inspection.layers[1] = more.layers[1];
  const std::string html = layer_section(inspection);
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_FALSE(has(html, "nan"));
  EXPECT_FALSE(has(html, "encoder.1, expert 5"));
}

TEST(LayerSection, shows_each_expert_alone_where_layers_were_probed) {
  EXPECT_FALSE(has(section_of({}), "Each expert alone"));
  for (const char* kind : {"encoder", "vit"}) {
    const std::string html = section_of({.kind = kind, .probing = true});
    EXPECT_EQ(testing::xml_fault(html), "");
    EXPECT_EQ(count(html, "<h3>Each expert alone</h3>"), 2u);
    EXPECT_TRUE(has(html, "<td>10.0 %</td><td>0.3100</td><td>0.1000</td><td>1.7654</td>"));
    EXPECT_TRUE(has(html, "for which the layer gives it the largest weight"));
  }
  const std::string by_token = section_of({.probing = true, .split = false});
  EXPECT_TRUE(has(by_token, "</i>3</th><td>1.5000</td><td>0.3750</td></tr>"));
  EXPECT_FALSE(has(by_token, "for which the layer gives it the largest weight"));
}

TEST(LayerSection, without_layers_is_nothing) {
  EXPECT_EQ(layer_section({}), "");
}

}  // namespace
}  // namespace moestro
