#include "moestro/report/layer_text.h"

#include <sstream>

#include <gtest/gtest.h>

#include "moestro/report/escape.h"
#include "moestro/report/inspection_text.h"
#include "report/transformer_fixture.h"

namespace moestro {
namespace {

using testing::MadeUpTransformer;

InspectionRecord inspection(const MadeUpTransformer& run) {
  return inspection_record(testing::layers_inspection(run), "x");
}

TEST(LayerText, says_the_finding_the_experts_and_the_places) {
  EXPECT_EQ(layer_text(inspection({.layers = 1}), Rules::none),
            "encoder.1: 4 of 4 experts used; expert 3 gets most, 40.0 % of the choices; most\n"
            "selective about “▁the”: 97 % of it goes to expert 1.\n"
            "expert  choices    mass  typical tokens\n"
            "     0   10.0 %  10.0 %  –\n"
            "     1   20.0 %  20.0 %  ▁the 97 %  ▁<b> 87 %  ▁glücklich 77 %  ! 67 %\n"
            "     2   30.0 %  30.0 %  ▁<b> 87 %  ▁glücklich 77 %  ! 67 %  </s> 57 %\n"
            "     3   40.0 %  40.0 %  ▁glücklich 77 %  ! 67 %  </s> 57 %  ing 47 %\n"
            "% of choices   0   1   2   3\n"
            "place 0       10  20  30  40\n"
            "place 1       10  20  30  40\n"
            "places 2–3    10  20  30  40\n"
            "places 4–7    10  20  30  40\n"
            "places 8 on   10  20  30  40\n");
}

TEST(LayerText, fits_a_terminal_of_eighty_columns) {
  for (const char* kind : {"encoder", "vit", "translator"})
    for (int64_t experts : {1, 4, 12, 64})
      for (Rules rules : {Rules::none, Rules::lines}) {
        InspectionRecord made = inspection({.kind = kind, .layers = 4, .experts = experts});
        for (LayerRecord& layer : made.layers)
          for (auto& list : layer.tokens)
            for (TokenRecord& token : list) token.token += "_and_rather_long";
        std::istringstream lines(inspection_text(made, rules));
        for (std::string line; std::getline(lines, line);)
          EXPECT_LE(display_width(line), 80) << line;
      }
}

TEST(LayerText, lets_no_token_steer_the_terminal) {
  InspectionRecord made = inspection({});
  made.layers[0].tokens[1][0].token = "\x1b[2J\n";
  const std::string text = inspection_text(made, Rules::none);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(InspectionText, of_layers_has_nothing_of_whole_networks) {
  const std::string text = inspection_text(inspection({}), Rules::none);
  EXPECT_TRUE(text.starts_with("Mixture layers\nencoder.1: "));
  EXPECT_NE(text.find("\n\nencoder.3: "), std::string::npos);
  EXPECT_NE(text.find("mass: mean probability"), std::string::npos);
  EXPECT_EQ(text.find("What each expert learned"), std::string::npos);
}

}  // namespace
}  // namespace moestro
