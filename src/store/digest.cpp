#include "moestro/store/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "moestro/store/atomic_file.h"
#include "moestro/store/file.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

constexpr std::array<uint32_t, 64> kRounds = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t big_endian(const unsigned char* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

void Sha256::compress(const unsigned char* block) {
  std::array<uint32_t, 64> words;
  for (int i = 0; i < 16; ++i) words[i] = big_endian(block + 4 * i);
  for (int i = 16; i < 64; ++i) {
    uint32_t x = words[i - 15], y = words[i - 2];
    words[i] = words[i - 16] + (std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3) + words[i - 7] +
               (std::rotr(y, 17) ^ std::rotr(y, 19) ^ y >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (int i = 0; i < 64; ++i) {
    uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                  ((e & f) ^ (~e & g)) + kRounds[i] + words[i];
    uint32_t t2 =
        (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const std::array<uint32_t, 8> mixed = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) state_[i] += mixed[i];
}

void Sha256::update(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t used = bytes_ % block_.size();
    std::size_t count = std::min(bytes.size(), block_.size() - used);
    std::memcpy(block_.data() + used, bytes.data(), count);
    if (used + count == block_.size()) compress(block_.data());
    bytes_ += count;
    bytes.remove_prefix(count);
  }
}

std::string Sha256::hex() const {
  Sha256 padded = *this;
  std::string padding((119 - bytes_ % 64) % 64 + 1, '\0');
  padding.front() = '\x80';
  for (int shift = 56; shift >= 0; shift -= 8)
    padding.push_back(static_cast<char>(bytes_ * 8 >> shift));
  padded.update(padding);
  std::string text;
  for (uint32_t word : padded.state_) text += fmt::format("{:08x}", word);
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

std::string sha256_of_file(const fs::path& path) {
  File file = File::open(path);
  Sha256 digest;
  std::vector<char> block(1 << 20);
  while (std::size_t count = file.read(block.data(), block.size()))
    digest.update({block.data(), count});
  return digest.hex();
}

fs::path digest_path(const fs::path& path) {
  return path.string() + ".sha256";
}

void write_digest(const fs::path& path, const std::string& hex) {
  write_atomically(digest_path(path), fmt::format("{}  {}\n", hex, path.filename().string()));
}

bool verify_digest(const fs::path& path) {
  if (!fs::is_regular_file(path) || !fs::is_regular_file(digest_path(path))) return false;
  return read_file(digest_path(path)) ==
         fmt::format("{}  {}\n", sha256_of_file(path), path.filename().string());
}

}  // namespace moestro
