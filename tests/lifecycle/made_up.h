// Made-up data and recipes for whole runs, as files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "store/temporary_folder.h"

namespace moestro::testing {

inline double uniform_number(std::mt19937_64& bits) {
  return static_cast<double>(bits() >> 11) * 0x1p-53;
}

// Columns x, y, colour, label: four clouds around the corners of a square; the label is whether the
// corner's signs agree.
inline std::string corners_csv(int rows, uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::string text = "x,y,colour,label\n";
  for (int n = 0; n < rows; ++n) {
    const double x = (n & 1 ? 1 : -1) + 1.2 * uniform_number(bits) - .6;
    const double y = (n & 2 ? 1 : -1) + 1.2 * uniform_number(bits) - .6;
    const char* colour = n % 3 == 0 ? "red" : "green";
    text +=
        fmt::format("{:.4f},{:.4f},{},{}\n", x, y, colour, (x > 0) == (y > 0) ? "agree" : "differ");
  }
  return text;
}

// Columns area, rooms, price: a price of 200,000 and more.
inline std::string houses_csv(int rows, uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::string text = "area,rooms,price\n";
  for (int n = 0; n < rows; ++n) {
    const double area = 40 + 100 * uniform_number(bits);
    const int rooms = 1 + n % 5;
    text += fmt::format("{:.2f},{},{:.2f}\n", area, rooms, 2e5 + 3e3 * area + 1e4 * rooms);
  }
  return text;
}

// Header and values of an IDX file of unsigned bytes.
inline std::string idx_file(const std::vector<int>& shape, const std::string& values) {
  std::string text = {0, 0, 8, static_cast<char>(shape.size())};
  for (const int size : shape)
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(size >> shift & 255);
  return text + values;
}

// PART-images-idx3-ubyte and its labels: noise, brighter in the columns that tell the class.
inline void put_images(const std::filesystem::path& folder, const std::string& part, int rows,
                       int side, int classes) {
  std::filesystem::create_directories(folder);
  std::mt19937_64 bits(static_cast<uint64_t>(rows));
  std::string pixels, labels;
  for (int n = 0; n < rows; ++n) {
    labels += static_cast<char>(n % classes);
    for (int p = 0; p < side * side; ++p)
      pixels += static_cast<char>(bits() % 64 + (p % side % classes == n % classes ? 128 : 0));
  }
  put(folder / (part + "-images-idx3-ubyte"), idx_file({rows, side, side}, pixels));
  put(folder / (part + "-labels-idx1-ubyte"), idx_file({rows}, labels));
}

// Two small experts for train.csv and test.csv of corners, in the folder of the recipe.
inline std::string corners_recipe(const std::filesystem::path& folder) {
  return fmt::format(
      "[data]\n"
      "path = \"{0}/train.csv\"\n"
      "test_path = \"{0}/test.csv\"\n"
      "format = \"csv\"\n"
      "batch = 32\n"
      "[expert]\n"
      "count = 2\n"
      "layers = [\"linear 6\", \"relu\", \"linear classes\"]\n"
      "[gate]\n"
      "layers = [\"linear 8\", \"relu\", \"linear experts\"]\n"
      "[loss]\n"
      "importance = 0.1\n"
      "[train]\n"
      "epochs = 4\n"
      "rate = 0.02\n"
      "threads = 1\n"
      "device = \"cpu\"\n",
      folder.string());
}

// The same for houses; and for the images of put_images, 8 pixels a side, in three classes.
inline std::vector<std::string> houses_settings() {
  return {"expert.layers=[\"linear 6\", \"relu\", \"linear 1\"]", "mixture.output=values",
          "loss.kind=least_squares"};
}

inline std::vector<std::string> image_settings(const std::filesystem::path& folder) {
  return {"data.path=" + folder.string(), "data.format=idx",
          "data.test_path=", "expert.layers=[\"conv 2 3\", \"relu\", \"linear classes\"]"};
}

}  // namespace moestro::testing
