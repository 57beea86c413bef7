#include "moestro/lifecycle/expert_probing.h"

#include "json_numbers.h"
#include "moestro/core/error.h"

namespace moestro {

ExpertProbing probe_experts(const Evaluation& evaluation, const Dataset& data,
                            const Tensor& owner_N) {
  MOESTRO_CHECK(evaluation.expert_predicted_NE.defined());
  const auto probe = data.classes > 0 ? probe_classes : probe_values;
  return {probe(evaluation.expert_predicted_NE, owner_N, data.targets_N), evaluation.disagreement,
          evaluation.output_square};
}

nlohmann::ordered_json ExpertProbing::totals_json() const {
  nlohmann::ordered_json json = {{"own_error", number_or_null(errors.own)},
                                 {"others_error", number_or_null(errors.others)},
                                 {"all_error", number_or_null(errors.all)}};
  if (errors.classes) json["routing_accuracy"] = number_or_null(errors.classes->routing_accuracy);
  json["oracle_error"] = number_or_null(errors.oracle_error);
  if (errors.classes) json["agreement"] = number_or_null(errors.classes->agreement);
  json["disagreement"] = number_or_null(disagreement);
  json["output_square"] = number_or_null(output_square);
  return json;
}

nlohmann::ordered_json ExpertProbing::to_json() const {
  nlohmann::ordered_json json = {{"share", numbers_or_null(errors.share_E)},
                                 {"own", numbers_or_null(errors.own_E)},
                                 {"others", numbers_or_null(errors.others_E)},
                                 {"all", numbers_or_null(errors.all_E)}};
  json.update(totals_json());
  return json;
}

}  // namespace moestro
