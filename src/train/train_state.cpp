#include "moestro/train/train_state.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"

namespace moestro {

namespace {

TrainState parsed(const nlohmann::json& json) {
  TrainState state;
  state.step = json.at("step");
  state.epoch = json.at("epoch");
  state.batch = json.at("batch");
  state.seconds = json.at("seconds");
  state.epoch_seconds = json.at("epoch_seconds");
  state.loss_sum = json.at("loss_sum");
  state.error_sum = json.at("error_sum");
  state.samples = json.at("samples");
  state.best_loss = json.value("best_loss", state.best_loss);
  state.best_epoch = json.at("best_epoch");
  state.best_step = json.at("best_step");
  state.finished = json.at("finished");
  return state;
}

}  // namespace

std::string TrainState::to_json() const {
  nlohmann::json json = {{"step", step},
                         {"epoch", epoch},
                         {"batch", batch},
                         {"seconds", seconds},
                         {"epoch_seconds", epoch_seconds},
                         {"loss_sum", loss_sum},
                         {"error_sum", error_sum},
                         {"samples", samples},
                         {"best_epoch", best_epoch},
                         {"best_step", best_step},
                         {"finished", finished}};
  // JSON has no infinity: no best loss yet means no key.
  if (std::isfinite(best_loss)) json["best_loss"] = best_loss;
  return json.dump();
}

TrainState TrainState::from_json(const std::string& text) {
  try {
    return parsed(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    throw UserError("the checkpoint does not say where the training stood: {}", error.what());
  }
}

}  // namespace moestro
