// Wrong classes among training rows.
#pragma once

#include <cstdint>

namespace moestro {

struct Dataset;

// Gives round(share * rows) rows another class, each of the others alike. Drawn by (seed, split,
// "label noise"): the rows of a smaller share are among those of a larger one, and have the same
// class there. Share 0 changes nothing; throws UserError for another where the targets are not
// classes.
void add_label_noise(Dataset& train, double share, uint64_t seed);

}  // namespace moestro
