// Images of one kind as another network wants them.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// uint8 [N, C, H, W] -> uint8 [N, shape...] with shape = {C', H', W'}: one channel becomes C' equal
// ones, several become one by their mean; another size by linear interpolation between pixel
// centres, over all pixels that a smaller image's pixel covers (antialiased). Of the shape already:
// as they are. Throws UserError for other counts of channels.
Tensor fit_images(const Tensor& pixels_NCHW, const Shape& shape);

}  // namespace moestro
