#include "moestro/train/train_state.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

TEST(TrainState, survives_json_to_the_last_bit) {
  TrainState state;
  state.step = 123;
  state.epoch = 4;
  state.batch = 5;
  state.loss_sum = 1. / 3;
  state.error_sum = 7;
  state.samples = 640;
  state.best_loss = .1 + .2;
  state.best_epoch = 3;
  state.best_step = 99;
  const TrainState back = TrainState::from_json(state.to_json());
  EXPECT_EQ(back.to_json(), state.to_json());
  EXPECT_EQ(back.loss_sum, state.loss_sum);
  EXPECT_EQ(back.best_loss, state.best_loss);
}

TEST(TrainState, has_no_best_loss_before_the_first_validation) {
  EXPECT_EQ(TrainState::from_json(TrainState().to_json()).best_loss,
            std::numeric_limits<double>::infinity());
}

TEST(TrainState, refuses_what_it_did_not_write) {
  for (const char* text : {"", "{}", "[1]", "{\"step\": null}"})
    EXPECT_NE(testing::thrown<UserError>([&] { TrainState::from_json(text); }), "(nothing thrown)")
        << text;
}

}  // namespace
}  // namespace moestro
