// Tiny data files for tests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "moestro/core/tensor.h"
#include "moestro/data/dataset.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro::testing {

using Ints = std::vector<int64_t>;
using Strings = std::vector<std::string>;

// Whether a message holds all of the parts.
::testing::AssertionResult says(const std::string& message, const Strings& parts);

std::string gzipped(const std::string& bytes);

// Header and values of an IDX file of unsigned bytes.
std::string idx_bytes(const std::vector<uint32_t>& shape, const std::string& values);

// `rows` images of height x width: pixel p of row n is (7 n + p) mod 256; label n mod classes.
void put_idx_set(const std::filesystem::path& folder, const std::string& part, int rows,
                 int height = 4, int width = 3, int classes = 3);

// Rows of a CIFAR file: all bytes of a row's pixels are its first label + 1.
std::string cifar_bytes(const std::vector<std::string>& labels);

// uint8 [rows, 1, height, width], as put_idx_set has it; labels n mod classes.
Dataset image_set(int64_t rows, int64_t height = 4, int64_t width = 3, int64_t classes = 3);

Ints list(const Tensor& integers_N);

}  // namespace moestro::testing
