#include "moestro/core/field.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;
using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;

struct Values {
  bool flag = true;
  int64_t count = 4;
  double rate = .5;
  std::string kind = "softmax";
  Texts layers = {"relu"};
  Numbers weights = {1, .5};
};

struct FieldTest : ::testing::Test {
  Values values;
  Field flag{"a.flag", &values.flag, "meaning"};
  Field count{"a.count", &values.count, "meaning"};
  Field rate{"a.rate", &values.rate, "meaning"};
  Field kind{"a.kind", &values.kind, "meaning"};
  Field layers{"a.layers", &values.layers, "meaning"};
  Field weights{"a.weights", &values.weights, "meaning"};

  static std::string refusal(Field& field, const Field::Value& value) {
    return thrown<UserError>([&] { field.assign(value, "x.toml:3"); });
  }
};

TEST_F(FieldTest, names_its_type) {
  EXPECT_EQ(flag.type(), "true or false");
  EXPECT_EQ(count.type(), "integer");
  EXPECT_EQ(rate.type(), "number");
  EXPECT_EQ(kind.type(), "text");
  EXPECT_EQ(layers.type(), "list of texts");
  EXPECT_EQ(weights.type(), "list of numbers");
}

TEST_F(FieldTest, takes_its_default_from_what_it_is_bound_to) {
  EXPECT_EQ(flag.default_text(), "true");
  EXPECT_EQ(count.default_text(), "4");
  EXPECT_EQ(rate.default_text(), "0.5");
  EXPECT_EQ(kind.default_text(), "\"softmax\"");
  EXPECT_EQ(layers.default_text(), "[\"relu\"]");
  EXPECT_EQ(weights.default_text(), "[1.0, 0.5]");
}

TEST_F(FieldTest, keeps_its_default_when_the_value_changes) {
  EXPECT_FALSE(count.is_set());
  count.assign(int64_t{9}, "x.toml:3");
  EXPECT_EQ(values.count, 9);
  EXPECT_EQ(count.value_text(), "9");
  EXPECT_EQ(count.default_text(), "4");
  EXPECT_EQ(count.origin(), "x.toml:3");
  EXPECT_TRUE(count.is_set());
}

TEST_F(FieldTest, says_what_is_allowed) {
  EXPECT_EQ(count.allowed(), "");
  EXPECT_EQ(Field(count).at_least(1).allowed(), "at least 1");
  EXPECT_EQ(Field(count).at_most(8).allowed(), "at most 8");
  EXPECT_EQ(Field(rate).above(0).allowed(), "above 0");
  EXPECT_EQ(Field(rate).below(1).allowed(), "below 1");
  EXPECT_EQ(Field(rate).at_least(0).below(.25).allowed(), "at least 0 and below 0.25");
  EXPECT_EQ(Field(rate).above(-1).at_most(1e6).allowed(), "above -1 and at most 1000000");
  EXPECT_EQ(Field(kind).one_of({"softmax", "switch"}).allowed(), "one of softmax, switch");
  EXPECT_EQ(Field(kind).one_of({"", "switch"}).allowed(), "one of \"\", switch");
}

TEST_F(FieldTest, says_what_is_expected) {
  EXPECT_EQ(flag.expected(), "true or false");
  EXPECT_EQ(count.at_least(1).expected(), "an integer, at least 1");
  EXPECT_EQ(rate.above(0).below(1).expected(), "a number, above 0 and below 1");
  EXPECT_EQ(kind.one_of({"a", "b"}).expected(), "a text, one of a, b");
  EXPECT_EQ(layers.expected(), "a list of texts");
}

TEST_F(FieldTest, has_closed_and_open_ends) {
  Field closed = Field(rate).at_least(0).at_most(1), open = Field(rate).above(0).below(1);
  for (const double end : {0., 1.}) {
    EXPECT_EQ(refusal(closed, end), "(nothing thrown)");
    EXPECT_EQ(
        refusal(open, end),
        fmt::format("x.toml:3: a.rate = {:.1f}; expected a number, above 0 and below 1", end));
  }
  EXPECT_EQ(refusal(closed, 1.5),
            "x.toml:3: a.rate = 1.5; expected a number, at least 0 and at most 1");
  EXPECT_EQ(refusal(closed, -1e-300),
            "x.toml:3: a.rate = -1e-300; expected a number, at least 0 and at most 1");
}

TEST_F(FieldTest, checks_integers_and_every_number_of_a_list) {
  count.at_least(1);
  weights.at_least(0);
  EXPECT_EQ(refusal(count, int64_t{0}), "x.toml:3: a.count = 0; expected an integer, at least 1");
  EXPECT_EQ(refusal(weights, Numbers{1, -2}),
            "x.toml:3: a.weights = [1.0, -2.0]; expected a list of numbers, at least 0");
}

TEST_F(FieldTest, leaves_the_value_as_it_was_after_a_refusal) {
  refusal(count.at_least(1), int64_t{0});
  EXPECT_EQ(values.count, 4);
  EXPECT_FALSE(count.is_set());
}

TEST_F(FieldTest, refuses_numbers_that_are_not_finite) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal(rate, std::nan("")), "x.toml:3: a.rate = nan; expected a finite number");
  EXPECT_EQ(refusal(rate, inf), "x.toml:3: a.rate = inf; expected a finite number");
  EXPECT_EQ(refusal(rate, -inf), "x.toml:3: a.rate = -inf; expected a finite number");
  EXPECT_EQ(refusal(weights, Numbers{1, inf}),
            "x.toml:3: a.weights = [1.0, inf]; expected a finite number");
}

TEST_F(FieldTest, refuses_every_other_type) {
  const std::vector<Field::Value> one_each = {true,       int64_t{1}, .5, std::string("x"),
                                              Texts{"x"}, Numbers{.5}};
  const std::vector<Field*> fields = {&flag, &count, &rate, &kind, &layers, &weights};
  for (size_t f = 0; f < fields.size(); ++f)
    for (size_t v = 0; v < one_each.size(); ++v) {
      const bool integer_as_number = f == 2 && v == 1;
      const std::string message = refusal(*fields[f], one_each[v]);
      if (f == v || integer_as_number)
        EXPECT_EQ(message, "(nothing thrown)");
      else
        EXPECT_TRUE(message.ends_with("; expected " + fields[f]->expected())) << message;
    }
}

TEST_F(FieldTest, takes_an_integer_as_a_number_and_an_empty_list_as_any) {
  rate.assign(int64_t{3}, "--set");
  EXPECT_EQ(values.rate, 3.);
  EXPECT_EQ(rate.value_text(), "3.0");
  weights.assign(Texts{}, "--set");
  EXPECT_TRUE(values.weights.empty());
}

TEST_F(FieldTest, suggests_the_nearest_choice) {
  kind.one_of({"softmax", "switch"});
  EXPECT_EQ(refusal(kind, std::string("swtich")),
            "x.toml:3: a.kind = \"swtich\"; expected one of softmax, switch; did you mean "
            "\"switch\"?");
  EXPECT_EQ(refusal(kind, std::string("zebra")),
            "x.toml:3: a.kind = \"zebra\"; expected one of softmax, switch");
}

TEST_F(FieldTest, checks_the_choices_of_every_text_of_a_list) {
  layers.one_of({"flip", "crop"});
  EXPECT_EQ(refusal(layers, Texts{"flip", "crop"}), "(nothing thrown)");
  EXPECT_EQ(refusal(layers, Texts{"flip", "corp"}),
            "x.toml:3: a.layers = [\"flip\", \"corp\"]; expected one of flip, crop; did you mean "
            "\"crop\"?");
}

TEST_F(FieldTest, refusal_stays_on_one_line) {
  kind.one_of({"softmax"});
  EXPECT_EQ(refusal(kind, std::string("a\nb")),
            "x.toml:3: a.kind = \"a\\nb\"; expected one of softmax");
}

TEST_F(FieldTest, is_empty_when_nothing_false_or_zero) {
  for (Field* field : {&flag, &count, &rate, &kind, &layers, &weights})
    EXPECT_FALSE(field->is_empty()) << field->type();
  values = {false, 0, 0., "", {}, {}};
  for (Field* field : {&flag, &count, &rate, &kind, &layers, &weights})
    EXPECT_TRUE(field->is_empty()) << field->type();
  values.rate = -0.;
  EXPECT_TRUE(rate.is_empty());
  values.kind = "0";  // a text that says something
  EXPECT_FALSE(kind.is_empty());
}

TEST_F(FieldTest, condition_compares_texts_bare_and_the_rest_as_toml) {
  using Condition = Field::Condition;
  EXPECT_TRUE((Condition{{"a.kind"}, {"switch", "softmax"}}.holds(kind)));
  EXPECT_FALSE((Condition{{"a.kind"}, {"switch"}}.holds(kind)));
  EXPECT_TRUE((Condition{{"a.flag"}, {"true"}}.holds(flag)));
  EXPECT_TRUE((Condition{{"a.count"}, {"4"}}.holds(count)));
  EXPECT_TRUE((Condition{{"a.kind"}, {"*"}}.holds(kind)));
  values.kind = "";
  EXPECT_FALSE((Condition{{"a.kind"}, {"*"}}.holds(kind)));
  EXPECT_TRUE((Condition{{"a.kind"}, {""}}.holds(kind)));
}

}  // namespace
}  // namespace moestro
