// The directions in which rows differ most.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

struct PrincipalComponents {
  Tensor scores_NP;  // double on the CPU: the centred rows along the components
  Tensor share_P;    // double on the CPU: of the variance, falling; zeros for rows all alike
};

// rows_ND: [N, ...], later dimensions taken together as D entries; 1 <= count <= min(N, D). By the
// eigenvectors of the smaller of the covariance [D, D] and the Gram matrix [N, N], in double. Signs
// are fixed: of each component's scores the largest in size (the first of equal ones) is positive,
// so that a picture does not flip from one machine to the next.
PrincipalComponents principal_components(const Tensor& rows_ND, int64_t count);

}  // namespace moestro
