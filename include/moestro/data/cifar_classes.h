// The classes of CIFAR-10 and the fine classes of CIFAR-100, in the order of their labels.
#pragma once

#include <string>
#include <vector>

namespace moestro {

std::vector<std::string> cifar10_classes();
std::vector<std::string> cifar100_classes();

}  // namespace moestro
