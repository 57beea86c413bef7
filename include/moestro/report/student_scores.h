// How the mixture and its student did on the same rows.
#pragma once

#include "moestro/report/noted_table.h"
#include "moestro/report/run_record.h"

namespace moestro {

// Parameters, error and loss of the mixture, of the student before it learned, and of the student
// at the end where that is known of these rows. The note says so where they are training rows. No
// rows where neither of the first two has scores. Of a run whose summary has a student.
NotedTable student_scores(const RunRecord& run);

// "as folded", or "as drawn" where nothing was taken over.
std::string begun_text(const StudentRecord& student);

}  // namespace moestro
