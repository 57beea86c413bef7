// What is wrong with an arm, found before the first run of a study.
#pragma once

#include <filesystem>
#include <functional>

#include "moestro/study/plan.h"

namespace moestro {

// Rehearses what is not finished (lifecycle/train_run.h, stream_rehearsal.h): of an arm's runs,
// which differ in their seed, the first one stands for all, unless they start from one run of one
// seed; the encoder of a stream fits every seed. Throws UserError that names the study and the arm,
// also where its data have no such number as study.metric.
void rehearse(const StudyPlan& plan, const std::function<bool(size_t)>& is_finished,
              const std::filesystem::path& data_root);

}  // namespace moestro
