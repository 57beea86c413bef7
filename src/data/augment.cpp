#include "moestro/data/augment.h"

#include <charconv>
#include <sstream>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/data/pixel_gather.h"

namespace moestro {
namespace {

[[noreturn]] void refuse(const std::string& step) {
  throw UserError(
      "data.augment: \"{}\"; expected \"flip\", \"crop 4\" or \"crop 4 reflect\", each once", step);
}

int64_t parse_pixels(const std::string& word, const std::string& step) {
  int64_t pixels = 0;
  const char* end = word.data() + word.size();
  const auto [parsed, code] = std::from_chars(word.data(), end, pixels);
  if (parsed != end || code != std::errc() || pixels < 1) refuse(step);
  return pixels;
}

// [B], each -crop .. crop.
Tensor draw_shifts(uint64_t seed, std::string_view name, uint64_t step, int64_t rows,
                   int64_t crop) {
  return uniform({seed, Stream::augment, name, step}, {rows}, 0, 1)
      .mul_(static_cast<double>(2 * crop + 1))
      .floor_()
      .clamp_max_(static_cast<double>(2 * crop))
      .sub_(static_cast<double>(crop))
      .to(at::kLong);
}

// From which line or column of the source each one of the result comes, [B, size]; -1 where zeros
// are moved in.
Tensor sources(const Tensor& shifts_B, int64_t size, bool reflect) {
  const Tensor from = at::arange(size, shifts_B.options()).unsqueeze(0) + shifts_B.unsqueeze(1);
  if (!reflect) return from.masked_fill(from.lt(0).logical_or(from.ge(size)), -1);
  const Tensor below = from.abs();
  return at::where(below.ge(size), 2 * (size - 1) - below, below);
}

Tensor changed(const Tensor& part, const auto& change) {
  return part.defined() ? change(part) : Tensor();
}

}  // namespace

AugmentDraws AugmentDraws::to(c10::Device device) const {
  const auto there = [&](const Tensor& part) { return part.to(device); };
  return {changed(y_B, there), changed(x_B, there), changed(flipped_B, there)};
}

AugmentDraws AugmentDraws::narrow(int64_t first, int64_t count) const {
  const auto some = [&](const Tensor& part) { return part.narrow(0, first, count); };
  return {changed(y_B, some), changed(x_B, some), changed(flipped_B, some)};
}

AugmentDraws AugmentDraws::joined(const std::vector<AugmentDraws>& parts) {
  const auto all = [&](Tensor AugmentDraws::*member) {
    std::vector<Tensor> tensors;
    for (const AugmentDraws& part : parts)
      if ((part.*member).defined()) tensors.push_back(part.*member);
    return tensors.empty() ? Tensor() : at::cat(tensors);
  };
  return {all(&AugmentDraws::y_B), all(&AugmentDraws::x_B), all(&AugmentDraws::flipped_B)};
}

Augmentation Augmentation::parse(const std::vector<std::string>& steps) {
  Augmentation out;
  for (const std::string& step : steps) {
    std::istringstream stream(step);
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    if (words == std::vector<std::string>{"flip"} && !out.flip_) {
      out.flip_ = true;
    } else if (words.size() >= 2 && words.size() <= 3 && words[0] == "crop" && out.crop_ == 0) {
      out.crop_ = parse_pixels(words[1], step);
      out.reflect_ = words.size() == 3;
      if (out.reflect_ && words[2] != "reflect") refuse(step);
    } else {
      refuse(step);
    }
  }
  return out;
}

void Augmentation::check(const Dataset& dataset) const {
  if (empty()) return;
  if (!dataset.is_image())
    throw UserError("data.augment works on images; {} holds rows of {} numbers", dataset.name,
                    shape_text(dataset.sample_shape()));
  const Shape shape = dataset.sample_shape();
  if (crop_ >= std::min(shape[1], shape[2]))
    throw UserError("data.augment: \"crop {}\"; expected less than the size of the images ({})",
                    crop_, shape_text(shape));
}

AugmentDraws Augmentation::draw(int64_t images, uint64_t seed, uint64_t step) const {
  AugmentDraws draws;
  if (crop_ > 0) {
    draws.y_B = draw_shifts(seed, "crop y", step, images, crop_);
    draws.x_B = draw_shifts(seed, "crop x", step, images, crop_);
  }
  if (flip_)
    draws.flipped_B = uniform({seed, Stream::augment, "flip", step}, {images}, 0, 1).lt(.5);
  return draws;
}

Tensor Augmentation::apply(const Tensor& images, const AugmentDraws& draws) const {
  if (empty()) return images;
  MOESTRO_CHECK(images.dim() == 4);
  const int64_t rows = images.size(0), height = images.size(2), width = images.size(3);
  const auto index = (crop_ > 0 ? draws.y_B : draws.flipped_B).options().dtype(at::kLong);
  Tensor y_BH, x_BW;
  if (crop_ > 0) {
    y_BH = sources(draws.y_B, height, reflect_);
    x_BW = sources(draws.x_B, width, reflect_);
  } else {
    y_BH = at::arange(height, index).expand({rows, height});
    x_BW = at::arange(width, index).expand({rows, width});
  }
  if (flip_) x_BW = at::where(draws.flipped_B.unsqueeze(1), x_BW.flip(1), x_BW);
  return gather_pixels(images, y_BH, x_BW);
}

}  // namespace moestro
