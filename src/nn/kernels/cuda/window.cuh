// Windows of two by two pixels, from which pooling takes the largest.
#pragma once

namespace moestro {

// Numbers of a window; what is kept as the winner where none lets the gradient through.
constexpr int kWindow = 4, kNoWinner = 4;

}  // namespace moestro
