// report.html of a study's folder.
#pragma once

#include <string>

#include "moestro/study/analysis.h"

namespace moestro {

std::string study_page(const Analysis& analysis);

}  // namespace moestro
