#include "moestro/objective/distillation.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

Tensor distillation_loss(const Tensor& student_NC, const Tensor& teacher_NC, OutputKind output,
                         double temperature) {
  MOESTRO_CHECK(student_NC.sizes() == teacher_NC.sizes(), "{} answers of the student, {}",
                shape_text(student_NC.sizes().vec()), shape_text(teacher_NC.sizes().vec()));
  const auto in_float = [](const Tensor& x) {
    return x.to(at::promote_types(x.scalar_type(), at::kFloat));
  };
  const Tensor student = in_float(student_NC), teacher = in_float(teacher_NC.detach());
  if (output == OutputKind::values) return (student - teacher).square().mean();
  const Tensor log_s = (student / temperature).log_softmax(1),
               log_t = (teacher / temperature).log_softmax(1);
  // A class that the teacher rules out (log 0) costs nothing.
  const Tensor t = log_t.exp();
  const Tensor difference = at::where(t > 0, log_t - log_s, at::zeros({}, log_t.options()));
  return (t * difference).sum(1).mean() * (temperature * temperature);
}

}  // namespace moestro
