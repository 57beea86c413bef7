#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <c10/core/Device.h>

#include "moestro/core/tensor.h"

namespace moestro {

// Work beside what this thread asks of a CUDA device: it runs on a stream of its own, after all
// that was asked before, and its backward pass does, too. On a CPU it is done at once.
//
//   Beside work(device, [&] { outputs = ... x ...; });
//   work.share({x, outputs});
//   ...                                           // runs at the same time
//   work.wait();                                  // before the outputs are read
class Beside {
 public:
  Beside(c10::Device device, const std::function<void()>& work);
  ~Beside();  // waits
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  // What the work reads of before, and what of it is read after: their memory is taken anew only
  // when both sides, and their backward passes, have done with it.
  void share(const std::vector<Tensor>& tensors) const;
  // What the stream on which this was made is asked from now on comes after the work.
  void wait();

 private:
  struct Done;
  std::unique_ptr<Done> done_;
};

}  // namespace moestro
