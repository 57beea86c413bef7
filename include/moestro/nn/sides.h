// What stands beside the feed-forward layers of a Transformer's blocks, and is added to what these
// give: adapters, for one.
//
//   norm first:  x + f(norm(x)) + side(x)        else:  norm(x + f(x) + side(x))
#pragma once

#include "moestro/nn/forward_context.h"
#include "moestro/nn/packing.h"

namespace moestro {

class Sides {
 public:
  virtual ~Sides() = default;
  // Beside block `block`, from 0 on: packed rows x_ND, before the norm where that comes first ->
  // [N, D] of x's type, or undefined for nothing. Called once a block of a pass, in their order.
  virtual Tensor forward(int64_t block, const Tensor& x_ND, const Packing& rows,
                         const ForwardContext& context) = 0;
};

}  // namespace moestro
